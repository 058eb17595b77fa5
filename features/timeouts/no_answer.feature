Feature: The host does not answer
  Nobody knows whether the issuer moved the money. The terminal must undo it, by a reversal of its own.

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

  @C053
  Scenario: No answer to a completion leaves the hold open
    Given a hold of the usual amount
    And the host does not answer the completion
    When the merchant completes it for the full amount
    Then the terminal reports the completion no reply
    And the completion is reversed
    And in the end the hold is open
    And in the end the account stands with the full amount held and nothing booked

  @C064
  Scenario: No answer to a cancel brings the hold back
    Given a hold of the usual amount
    And the host does not answer the cancel
    When the merchant cancels it
    Then the terminal reports the cancel no reply
    And the cancel is reversed
    And in the end the hold is open
    And in the end the account stands with the full amount held and nothing booked

  @C101
  Scenario: An unanswered reversal is repeated
    Given the host does not answer the pre-authorisation
    And the host does not answer the reversal
    When the merchant asks for a hold of the usual amount
    Then the pre-authorisation is reversed
    And its reversal was repeated with the same data
    And in the end the issuer holds nothing

  @C103
  Scenario: A pending reversal goes before the next request
    Given the host does not answer the pre-authorisation
    And the host does not answer the reversal
    When the merchant asks for a hold of the usual amount
    And the merchant asks for a hold of the other amount
    Then the terminal reports the pre-authorisation approved
    And the reversal goes before the next request
    And the issuer holds the other amount
