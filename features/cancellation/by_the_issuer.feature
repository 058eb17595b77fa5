Feature: What the issuer does to a hold by itself
  A hold that nobody uses ends by itself. The issuer may lower or lengthen it: there is no message for it.

  Background:
    Given a credit card in the reader
    And a hold of the usual amount

  @C068
  Scenario: A hold that nobody used expires
    When the hold is one day too old
    Then the hold has expired by itself
    And the issuer holds nothing

  @C068
  Scenario: On its last valid day it is still there
    When the hold has reached its last valid day
    Then the hold is open
    And the issuer holds the full amount

  @C068
  Scenario: An expired hold cannot be cancelled
    When the hold is one day too old
    And the merchant cancels it
    Then the terminal reports no approval
    And the ledger is untouched

  @C063 @C078
  Scenario: The issuer lowers a hold
    When the issuer lowers it to the less amount
    Then the hold has come down to the less amount
    And the issuer holds the less amount

  @C078
  Scenario: A hold that was lowered cannot be completed for what it was
    Given the terminal's own limit is lifted
    When the issuer lowers it to the less amount
    And the merchant completes it for the full amount
    Then the host refuses it as above the limit
    And the ledger is untouched

  @C073
  Scenario: A hold that was extended can be completed a day later
    Given the issuer has extended it by a day
    When the hold is one day too old
    And the merchant completes it for the full amount
    Then the terminal reports the completion approved
    And the account stands with nothing held and the full amount booked
