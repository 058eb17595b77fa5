Feature: The host does not answer
  Nobody knows whether the issuer holds the money. The terminal must undo it, by a reversal of its own.

  Background:
    Given a credit card in the reader

  @C096
  Scenario: No answer to a pre-authorisation
    Given the host does not answer the pre-authorisation
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation no reply
    And the chip is told that the transaction is declined
    And nothing is printed as approved
    And the pre-authorisation is reversed
    And in the end the issuer holds nothing
