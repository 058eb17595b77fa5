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

  @C065
  Scenario: No answer to a completion void leaves the completion
    Given a hold of the usual amount
    And the merchant has completed it for the full amount
    And the host does not answer the completion void
    When the merchant voids the completion
    Then the terminal reports the completion void no reply
    And the completion void is reversed
    And in the end the hold is completed
    And in the end the account stands with nothing held and the full amount booked

  @C065
  Scenario: After the void was undone the hold cannot be completed a second time
    Given a hold of the usual amount
    And the merchant has completed it for the full amount
    And the host does not answer the completion void
    When the merchant voids the completion
    And the merchant completes it for the full amount
    Then the host refuses it as completed already
    And the account stands with nothing held and the full amount booked

  @C096
  Scenario: No answer to a sale
    Given the host does not answer the sale
    When the merchant sells for the usual amount
    Then the terminal reports the sale no reply
    And the chip is told that the transaction is declined
    And the sale is reversed
    And in the end the account stands with nothing held and nothing booked

  @C090
  Scenario: No answer is no decline: it is reversed
    Given the host does not answer the pre-authorisation
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation no reply
    And the reversal of the pre-authorisation says that there was no reply
    And in the end the issuer holds nothing

  @C102
  Scenario: A reversal that is never answered is given up, and the operator is told
    Given the host does not answer the pre-authorisation
    And the host answers no reversal
    When the merchant asks for a hold of the usual amount
    And the terminal has time to itself
    Then the reversal of the pre-authorisation is given up, and the operator is told
    And in the end the issuer holds nothing

  @C105
  Scenario: A reversal that the host has done already is over
    Given the host does not answer the pre-authorisation
    And the host does not answer the reversal
    When the merchant asks for a hold of the usual amount
    And the terminal has time to itself
    Then the reversal of the pre-authorisation ends when the host says that it was done
    And in the end the issuer holds nothing

  @C106
  Scenario: A request that never came is reversed all the same
    Given the pre-authorisation never reaches the host
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation no reply
    And the reversal of the pre-authorisation ends when the host knows of nothing to undo
    And the issuer holds nothing
