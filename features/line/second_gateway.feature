Feature: A second gateway takes over
  The first gateway is tried first, at every new connection. What has left over one gateway never goes again over the
  other: it is reversed, over whichever is there.

  Background:
    Given a credit card in the reader
    And there is a second gateway

  @C117 @C265
  Scenario: The first gateway is down: the second serves
    Given the primary gateway is down
    And a hold of the usual amount
    When the merchant completes it for the full amount
    Then the terminal reports the completion approved
    And the terminal came to the second gateway
    And the request went over the second gateway
    And in the end the hold is completed

  @C117 @C265
  Scenario: Both are there: the first one serves
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation approved
    And the request went over the primary gateway

  @C117 @C265
  Scenario: The first gateway goes down between two requests
    Given a hold of the usual amount
    When the primary gateway goes down
    And the merchant completes it for the full amount
    Then the terminal reports the completion approved
    And the terminal came to the second gateway
    And the request went over the second gateway
    And in the end the hold is completed

  @C117 @C265
  Scenario: The first gateway takes connections and says nothing
    Given the line to the host is encrypted
    And the primary gateway takes connections and says nothing
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation approved
    And the terminal came to the second gateway
    And the request went over the second gateway

  @C113 @C117
  Scenario: The name of the first gateway is known to nobody
    Given the name of the primary gateway is known to nobody
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation approved
    And the request went over the second gateway

  @C113 @C117 @C265
  Scenario: The first gateway breaks with a hold under way
    Given the primary gateway breaks when the pre-authorisation has passed
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation no reply
    And what had left is not sent again
    And the pre-authorisation is reversed once, over the second gateway
    And in the end the issuer holds nothing

  @C113 @C117 @C265
  Scenario: The first gateway breaks with a completion under way
    Given a hold of the usual amount
    And the primary gateway breaks when the completion has passed
    When the merchant completes it for the full amount
    Then the terminal reports the completion no reply
    And what had left is not sent again
    And the completion is reversed once, over the second gateway
    And in the end the hold is open

  @C117 @C265
  Scenario: The first gateway is back: it is used again
    Given the primary gateway is down
    And a hold of the usual amount
    When the primary gateway works again
    And the terminal has time to itself
    And the merchant completes it for the full amount
    Then the terminal reports the completion approved
    And the request went over the primary gateway
    And in the end the hold is completed

  @C113 @C117
  Scenario: Both gateways are down: nothing had left
    Given the primary gateway is down
    And the second gateway is down
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation no reply
    And nothing had left the terminal, and nothing is reversed
    And the issuer holds nothing
