*** Settings ***
Documentation       The life of a hold in three cases: completed, cancelled, and undone when the host does not answer.
...                 The keywords are the sentences of the Gherkin scenarios.
Library             steps.robot.Holdfast


*** Test Cases ***
Completion for the full amount
    [Documentation]    What was held is booked, and nothing stays held.
    [Tags]    C033
    Given a credit card in the reader
    And a hold of the usual amount
    When the merchant completes it for the full amount
    Then the terminal reports the completion approved
    And the hold is completed
    And the account stands with nothing held and the full amount booked

A hold is cancelled on the same day
    [Documentation]    A supervisor agrees, and the cardholder has his money again.
    [Tags]    C054
    Given a debit card in the reader
    And a hold of the usual amount
    When the merchant cancels it
    Then the terminal reports the cancel approved
    And a supervisor was asked first
    And the hold is cancelled
    And the issuer holds nothing

No answer to a pre-authorisation
    [Documentation]    Nobody knows whether the issuer moved the money: the terminal must undo it.
    [Tags]    C096
    Given a credit card in the reader
    And the host does not answer the pre-authorisation
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation no reply
    And the chip is told that the transaction is declined
    And nothing is printed as approved
    And the pre-authorisation is reversed
    And in the end the issuer holds nothing
