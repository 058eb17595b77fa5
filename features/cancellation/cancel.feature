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

  @C054
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
    Then the host refuses it as no longer open
    And the ledger is untouched
    And the account stands with nothing held and the full amount booked
