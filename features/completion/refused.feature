Feature: Completions that must be refused
  Above the limit, too late, a second time, under a wrong code, or of a hold that is no longer there.

  Background:
    Given a credit card in the reader
    And a hold of the usual amount

  @C036
  Scenario: The terminal keeps a completion above the limit to itself
    When the merchant completes it for the smallest unit above the limit
    Then the terminal keeps the completion above the limit to itself
    And the terminal reports the completion refused
    And the hold is open

  @C036
  Scenario: The host refuses a completion above the limit
    Given the terminal's own limit is lifted
    When the merchant completes it for the smallest unit above the limit
    Then the host refuses it as above the limit
    And the ledger is untouched
    And the hold is open

  @C040
  Scenario: On its last valid day a hold can be completed
    When the hold has reached its last valid day
    And the merchant completes it for the full amount
    Then the terminal reports the completion approved
    And the hold is completed

  @C040
  Scenario: On the day after, it cannot
    When the hold is one day too old
    And the merchant completes it for the full amount
    Then the host refuses it as too old
    And the ledger is untouched

  @C041
  Scenario: A hold is completed once only
    Given the merchant has completed it for the less amount
    When the merchant completes it for the less amount
    Then the host refuses it as completed already
    And the ledger is untouched
    And the account stands with nothing held and the less amount booked

  @C044
  Scenario: Completion under a wrong authorisation code
    When the merchant completes it under a wrong authorisation code
    Then the host refuses it as an unknown original
    And the ledger is untouched
    And the hold is open

  @C047
  Scenario: A cancelled hold cannot be completed
    Given the merchant has cancelled it
    When the merchant completes it for the full amount
    Then the terminal reports no approval
    And the ledger is untouched
    And the issuer holds nothing

  @C052
  Scenario: A completion of nothing is refused by the terminal
    When the merchant completes it for nothing
    Then the terminal reports the completion refused
    And nothing is sent to the host
    And the hold is open

  @C052
  Scenario: A completion of nothing is refused by the host
    When another terminal completes it for nothing
    Then the host answers that it is a completion of nothing
    And no money was moved for it
    And the hold is open
