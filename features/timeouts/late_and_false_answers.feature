Feature: Answers that come late, or are not the host's
  An answer counts when it comes in time and its MAC is right. Any other is no answer.

  Background:
    Given a credit card in the reader

  @C097
  Scenario: An answer one second before the time-out is accepted
    Given the host answers the pre-authorisation 1 second before the time-out
    When the merchant asks for a hold of the usual amount
    Then the answer is accepted

  @C097
  Scenario: An answer one second after the time-out is not
    Given the host answers the pre-authorisation 1 second after the time-out
    When the merchant asks for a hold of the usual amount
    And the late answer has come
    Then the late answer is not applied
    And the pre-authorisation is reversed
    And in the end the issuer holds nothing

  @C098 @C099
  Scenario: A late approval that comes when it is being reversed
    Given the host answers the pre-authorisation only when it is being reversed
    When the merchant asks for a hold of the usual amount
    Then the late answer is not applied
    And nothing is printed as approved
    And in the end the issuer holds nothing

  @C098
  Scenario: A late approval that comes after it was reversed
    Given the host answers the pre-authorisation only after it was reversed
    When the merchant asks for a hold of the usual amount
    Then the late answer is not applied
    And nothing is printed as approved
    And in the end the issuer holds nothing

  @C100
  Scenario: A late approval that comes during the next transaction
    Given the host answers the pre-authorisation only during the next transaction
    When the merchant asks for a hold of the usual amount
    And the merchant asks for a hold of the other amount
    Then the late answer is not applied
    And the terminal reports the pre-authorisation approved
    And both copies show the other amount
    And in the end the hold is of the other amount

  @C098
  Scenario: A late answer to a completion
    Given a hold of the usual amount
    And the host answers the completion only after it was reversed
    When the merchant completes it for the full amount
    Then the late answer is not applied
    And in the end the hold is open

  @C109
  Scenario: An answer that comes twice
    Given the host answers the pre-authorisation twice
    When the merchant asks for a hold of the usual amount
    Then the second answer is ignored
    And the terminal reports the pre-authorisation approved
    And both copies are printed

  @C109
  Scenario: The second answer is not taken for that of the next transaction
    Given the host answers the pre-authorisation twice
    When the merchant asks for a hold of the usual amount
    And the merchant completes it for the full amount
    Then the terminal reports the completion approved
    And the hold is completed

  @C108
  Scenario: What was completed, voided and cancelled is never reversed
    Given a hold of the usual amount
    And the merchant has completed it for the less amount
    When the merchant voids the completion
    And the merchant cancels it
    Then the terminal reports the cancel approved
    And nothing is reversed
