Feature: Voiding a completion
  The booking is undone; the hold is there again, as if it had never been completed.

  Background:
    Given a credit card in the reader
    And a hold of the usual amount

  @C060
  Scenario: After a void the hold is open again
    Given the merchant has completed it for the less amount
    When the merchant voids the completion
    Then the terminal reports the completion void approved
    And a supervisor was asked first
    And the hold is open
    And the account stands with the full amount held and nothing booked

  @C060
  Scenario: After a void the hold can be completed again
    Given the merchant has completed it for the less amount
    When the merchant voids the completion
    And the merchant completes it for the market's limit
    Then the terminal reports the completion approved
    And the account stands with nothing held and the market's limit booked
