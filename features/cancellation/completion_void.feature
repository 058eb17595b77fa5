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

  @C056 @C060
  Scenario: Without a supervisor nothing is voided
    Given the merchant has completed it for the full amount
    And no supervisor is at hand
    When the merchant voids the completion
    Then the terminal reports the completion void refused
    And without a supervisor nothing is sent
    And the hold is completed

  @C060
  Scenario: A completion is voided once only
    Given the merchant has completed it for the full amount
    When the merchant voids the completion
    And the merchant voids the completion
    Then the host refuses it as voided already
    And the ledger is untouched
    And the account stands with the full amount held and nothing booked

  @C059 @C060
  Scenario: After a void the hold can be cancelled
    Given the merchant has completed it for the full amount
    When the merchant voids the completion
    And the merchant cancels it
    Then the terminal reports the cancel approved
    And the account stands with nothing held and nothing booked

  @C060
  Scenario: The void names the completion, and not the hold
    Given the merchant has completed it for the less amount
    When the merchant voids the completion
    Then the terminal reports the completion void approved
    And the completion void names the completion

  @C061
  Scenario: On the next day it is too late for a void
    Given the merchant has completed it for the full amount
    When a day goes by
    And the merchant voids the completion
    Then the host refuses it as too late for a void
    And the ledger is untouched
    And the account stands with nothing held and the full amount booked

  @C061
  Scenario: Once it is too late for a void, money goes back by a refund
    Given the merchant has completed it for the full amount
    And the merchant has settled
    When a day goes by
    And the merchant refunds the completion
    Then the usual amount is given back
    And no hold is touched
    And the account stands with nothing held and nothing booked
