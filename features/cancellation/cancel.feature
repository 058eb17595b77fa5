Feature: Cancelling a hold
  A hold that will not be used is given back, by a supervisor's leave.

  Background:
    Given a credit card in the reader
    And a hold of the usual amount

  @C054
  Scenario: A hold is cancelled on the same day
    When the merchant cancels it
    Then the terminal reports the cancel approved
    And a supervisor was asked first
    And the hold is cancelled
    And the issuer holds nothing

  @C054 @C056
  Scenario: Without a supervisor nothing is cancelled
    Given no supervisor is at hand
    When the merchant cancels it
    Then the terminal reports the cancel refused
    And without a supervisor nothing is sent
    And the hold is open

  @C057
  Scenario: A cancel under a wrong authorisation code finds nothing
    When the merchant cancels it under a wrong authorisation code
    Then the host refuses it as an unknown original
    And the ledger is untouched
    And the hold is open

  @C058
  Scenario: A hold is cancelled once only
    Given the merchant has cancelled it
    When the merchant cancels it
    Then the host refuses it as no longer open
    And the ledger is untouched

  @C059
  Scenario: A completed hold cannot be cancelled
    Given the merchant has completed it for the full amount
    When the merchant cancels it
    Then the host refuses it as a hold that was completed
    And the ledger is untouched
    And the account stands with nothing held and the full amount booked

  @C055
  Scenario: A hold is cancelled on the next day
    When a day goes by
    And the merchant cancels it
    Then the terminal reports the cancel approved
    And the cancel names the hold
    And the hold is cancelled
    And the issuer holds nothing

  @C063
  Scenario: A cancel of a part is refused
    When the merchant cancels the less amount of it
    Then the host refuses it as another amount
    And the ledger is untouched
    And the hold is open

  @C066
  Scenario: Without the card, by its number
    When the merchant cancels it without the card
    Then the terminal reports the cancel approved
    And the cancel says that the number was typed
    And the issuer holds nothing

  @C066
  Scenario: With another card nothing is found
    When another credit card is in the reader
    And the merchant cancels it
    Then the host refuses it as an unknown original
    And the ledger is untouched
    And the hold is open

  @C067
  Scenario: Of two holds the one that was named is cancelled
    Given a hold of the other amount
    When the merchant takes up the first hold again
    And the merchant cancels it
    Then the terminal reports the cancel approved
    And the first hold is cancelled and the second open
    And the issuer holds the other amount
