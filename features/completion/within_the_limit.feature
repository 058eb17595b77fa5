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
