Feature: Cancelling at another terminal
  The hold belongs to the merchant and the card, not to the terminal that asked for it.

  Background:
    Given a credit card in the reader

  @C062
  Scenario: A hold of another terminal is cancelled here
    Given another terminal made a hold of the usual amount
    When the merchant cancels it
    Then the terminal reports the cancel approved
    And the hold is cancelled
    And the issuer holds nothing

  @C062 @C058
  Scenario: What another terminal cancelled cannot be cancelled here
    Given a hold of the usual amount
    When another terminal cancels it
    Then the host approves it
    When the merchant cancels it
    Then the host refuses it as no longer open
    And the ledger is untouched

  @C062 @C047
  Scenario: What another terminal cancelled cannot be completed here
    Given a hold of the usual amount
    When another terminal cancels it
    And the merchant completes it for the full amount
    Then the terminal reports no approval
    And the ledger is untouched
    And the issuer holds nothing
