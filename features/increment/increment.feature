@needs_increments
Feature: Raising a hold
  A guest stays longer: the hold grows by what was asked for, and stays one hold.

  Background:
    Given a credit card in the reader
    And a hold of the usual amount

  @C069
  Scenario: A hold is raised
    When the merchant raises it by the other amount
    Then the terminal reports the incremental pre-authorisation approved
    And the hold has grown to the usual amount together with the other amount
    And the issuer holds the usual amount together with the other amount

  @C070
  Scenario: A raise that the issuer declines leaves the hold as it was
    Given the host declines the incremental pre-authorisation with 51
    When the merchant raises it by the other amount
    Then the terminal reports the incremental pre-authorisation declined
    And the ledger is untouched
    And the hold is of the usual amount

  @C070
  Scenario: A raise for which the money is not there
    When the merchant raises it by the account's amount
    Then the host refuses it as short of funds
    And the ledger is untouched
    And the hold is of the usual amount

  @C071
  Scenario: Several raises, then one completion of the sum
    Given the merchant has raised it by the other amount
    And the merchant has raised it by the less amount
    When the merchant completes it for the full amount
    Then the terminal reports the completion approved
    And the completion is sent for the usual amount together with the other amount together with the less amount
    And the account stands with nothing held and the full amount booked

  @C071
  Scenario: After a raise the limit is that of the sum
    Given the merchant has raised it by the other amount
    When the merchant completes it for the market's limit
    Then the terminal reports the completion approved
    And the account stands with nothing held and the market's limit booked

  @C072
  Scenario: An expired hold cannot be raised
    When the hold is one day too old
    And the merchant raises it by the other amount
    Then the terminal reports no approval
    And the ledger is untouched
    And the issuer holds nothing

  @C072
  Scenario: A cancelled hold cannot be raised
    Given the merchant has cancelled it
    When the merchant raises it by the other amount
    Then the terminal reports no approval
    And the ledger is untouched
    And the issuer holds nothing

  @C076
  Scenario: A raise names the hold that it raises
    When the merchant raises it by the other amount
    Then the terminal reports the incremental pre-authorisation approved
    And the incremental pre-authorisation names the hold

  @C077
  Scenario: An unanswered raise is undone, and nothing but it
    Given the host does not answer the incremental pre-authorisation
    When the merchant raises it by the other amount
    Then the terminal reports the incremental pre-authorisation no reply
    And the incremental pre-authorisation is reversed
    And in the end the hold is of the usual amount
    And in the end the hold is open

  @C069
  Scenario: A raised hold is cancelled as a whole
    Given the merchant has raised it by the other amount
    When the merchant cancels it
    Then the terminal reports the cancel approved
    And the issuer holds nothing
