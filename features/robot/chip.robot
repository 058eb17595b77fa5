*** Settings ***
Documentation       The card and the contact kernel in two cases: a choice of applications, and a card that is not genuine.
...                 The keywords are the sentences of the Gherkin scenarios.
Library             steps.robot.Holdfast


*** Test Cases ***
The cardholder takes the second of three applications
    [Documentation]    The terminal shows what the card has, in the issuer's order, and uses what was chosen.
    [Tags]    C013
    Given a multi-app card in the reader
    And the terminal asks the cardholder for the application
    And the cardholder chooses the second application
    When the merchant asks for a hold of the usual amount
    Then the cardholder was shown 银联信用卡, 银联借记卡, 银联准贷记卡
    And the cardholder's choice was 银联借记卡, and it was used
    And the terminal reports the pre-authorisation approved
    And both copies name the application and its label

A card that is not genuine is told to its issuer
    [Documentation]    The chip's signature is wrong: the terminal says so, and the issuer decides.
    [Tags]    C159
    Given a credit card in the reader that signs wrongly
    And the host declines the pre-authorisation with 05
    When the merchant asks for a hold of the usual amount
    Then the authentication of the card by DDA failed
    And the chip is told, among others, of DDA failed
    And the terminal reports the pre-authorisation declined
    And the host is sent the pre-authorisation
    And the issuer holds nothing
