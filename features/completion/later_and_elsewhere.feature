Feature: Completion later, elsewhere, or without the card
  A hold is found by the card, its day and its authorisation code: by nothing else.

  Background:
    Given a credit card in the reader

  @C039
  Scenario: On the next day
    Given a hold of the usual amount
    When a day goes by
    And the merchant completes it for the full amount
    Then the terminal reports the completion approved
    And the completion names the hold
    And the hold is completed

  @C039
  Scenario: After the batch was closed
    Given a hold of the usual amount
    And the merchant has settled
    When the merchant completes it for the full amount
    Then the terminal reports the completion approved
    And the hold is completed
    And the account stands with nothing held and the full amount booked

  @C043
  Scenario: Without the card, by number and authorisation code
    Given a hold of the usual amount
    When the merchant completes it without the card for the less amount
    Then the terminal reports the completion approved
    And the completion says that the number was typed
    And the completion carries no track
    And the completion names the hold
    And the account stands with nothing held and the less amount booked

  @C045
  Scenario: With another card nothing is found
    Given a hold of the usual amount
    When another credit card is in the reader
    And the merchant completes it for the full amount
    Then the host refuses it as an unknown original
    And the ledger is untouched
    And the hold is open

  @C046
  Scenario: A hold of another terminal
    Given another terminal made a hold of the usual amount
    When the merchant completes it for the market's limit
    Then the terminal reports the completion approved
    And the hold is completed
    And the account stands with nothing held and the market's limit booked
