@needs_advices
Feature: Offline completion
  The terminal completes by itself and tells the host when it can: once for the ledger, however often it has to say it.

  Background:
    Given a credit card in the reader
    And a hold of the usual amount

  @C049
  Scenario: The host can be reached: it is told at once
    When the merchant completes it offline for the less amount
    Then in the end the completion advice has been delivered
    And no stored message is reversed
    And the hold is completed
    And in the end the account stands with nothing held and the less amount booked

  @C049
  Scenario: The host cannot be reached: it is told later, once
    Given the host cannot be reached
    When the merchant completes it offline for the full amount
    Then the terminal keeps the completion advice until it can be sent
    And the hold is open
    And in the end the completion advice has been delivered
    And however often it came, it was booked once
    And in the end the hold is completed

  @C049 @C103
  Scenario: What is stored goes before the next request
    Given the host cannot be reached
    When the merchant completes it offline for the full amount
    And the host can be reached again
    And the merchant asks for a hold of the other amount
    Then the completion advice goes before the next request
    And the terminal reports the pre-authorisation approved
    And the account stands with the other amount held and the usual amount booked

  @C049 @C050
  Scenario: It is repeated until the host acknowledges it, and booked once
    Given the host is silent to the completion advice 2 times
    When the merchant completes it offline for the full amount
    Then the completion advice was repeated with the same data
    And however often it came, it was booked once
    And no stored message is reversed
    And in the end the account stands with nothing held and the full amount booked

  @C107
  Scenario: One that the host never takes is given up and does not block the next
    Given the host never takes the completion advice
    When the merchant completes it offline for the full amount
    And the terminal has time to itself
    Then the completion advice is given up, and the operator is told
    When the merchant asks for a hold of the other amount
    And the merchant completes it offline for the other amount
    Then the terminal reports the completion advice approved
    And however often it came, it was booked once

  @C107
  Scenario: One that can never be taken does not hold up what is behind it
    Given a sale of the other amount
    And the host cannot be reached
    When the merchant completes it offline under a wrong authorisation code
    And the merchant refunds the sale
    And the host can be reached again
    And the terminal has time to itself
    Then the completion advice is given up, and the operator is told
    And in the end the refund has been delivered
    And the hold is open

  @C036
  Scenario: Offline, too, the terminal keeps a completion above the limit to itself
    When the merchant completes it offline for the smallest unit above the limit
    Then the terminal keeps the completion above the limit to itself
    And the terminal reports the completion advice refused
    And the hold is open
