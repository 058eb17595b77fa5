Feature: Answers that come late, or are not the host's
  An answer counts when it comes in time and its MAC is right. Any other is no answer.

  Background:
    Given a credit card in the reader

  @C097
  Scenario: An answer one second before the time-out is accepted
    Given the host answers the pre-authorisation 1 second before the time-out
    When the merchant asks for a hold of the usual amount
    Then the answer is accepted
    And the hold is open

  @C097
  Scenario: An answer one second after the time-out is not
    Given the host answers the pre-authorisation 1 second after the time-out
    When the merchant asks for a hold of the usual amount
    And the late answer has come
    Then the late answer is not applied
    And the pre-authorisation is reversed
    And in the end the issuer holds nothing

  @C098
  Scenario: A late approval that comes when it is being reversed
    Given the host answers the pre-authorisation only when it is being reversed
    When the merchant asks for a hold of the usual amount
    Then the late answer is not applied
    And nothing is printed as approved
    And in the end the issuer holds nothing

  @C120
  Scenario: An answer with a wrong MAC
    Given the host answers the pre-authorisation with a wrong MAC
    When the merchant asks for a hold of the usual amount
    Then the answer with the wrong MAC is refused and reversed
    And nothing is printed as approved
    And in the end the issuer holds nothing
