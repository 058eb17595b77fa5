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
