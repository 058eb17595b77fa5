Feature: Completion within the market's limit
  A merchant completes a hold for what was really used. Up to the market's limit that is his right;
  what was held beyond it goes back to the cardholder.

  Background:
    Given a credit card in the reader

  @C033
  Scenario: Completion for the full amount
    Given a hold of the usual amount
    When the merchant completes it for the full amount
    Then the terminal reports the completion approved
    And the hold is completed
    And the account stands with nothing held and the full amount booked

  @C034
  Scenario: Completion for less releases the rest
    Given a hold of the usual amount
    When the merchant completes it for the less amount
    Then the terminal reports the completion approved
    And the account stands with nothing held and the less amount booked

  @C035
  Scenario: Completion for exactly the market's limit
    Given a hold of the usual amount
    When the merchant completes it for the market's limit
    Then the terminal reports the completion approved
    And the account stands with nothing held and the market's limit booked

  @C038
  Scenario: The limit is rounded down to the smallest unit
    Given a hold of the odd amount
    When the merchant completes it for the market's limit
    Then the terminal reports the completion approved
    And the account stands with nothing held and the market's limit booked

  @C038
  Scenario: One unit above the rounded limit is refused
    Given a hold of the odd amount
    And the terminal's own limit is lifted
    When the merchant completes it for the smallest unit above the limit
    Then the host refuses it as above the limit
    And the ledger is untouched
