Feature: A hold by a typed card number
  Nobody who types a number has shown a card: a market allows it or it does not.

  @C012
  Scenario: Where it is not allowed, a typed number is refused for a hold
    Given a credit card at hand
    And the terminal takes no typed card numbers
    When the operator types a card number for a hold of the usual amount
    Then the terminal reports the pre-authorisation refused
    And the host is sent nothing
    And the issuer holds nothing

  @C012
  Scenario: Where it is allowed, a typed number is held and told as such
    Given a credit card at hand
    And the terminal takes typed card numbers for a hold
    When the operator types a card number for a hold of the usual amount
    Then the pre-authorisation says that the card was read by hand, without a PIN
    And the pre-authorisation carries no track
    And the chip was left alone
    And the terminal reports the pre-authorisation approved
    And the issuer holds the usual amount

  @C012 @C085
  Scenario: A mistyped number does not leave the terminal
    Given a credit card at hand
    And the terminal takes typed card numbers for a hold
    And the operator mistypes the card number
    When the operator types a card number for a hold of the usual amount
    Then the terminal reports the pre-authorisation refused
    And the host is sent nothing

  @C012 @C083
  Scenario: The terminal itself refuses an expired card that is typed
    Given a credit card at hand that has expired
    And the terminal takes typed card numbers for a hold
    When the operator types a card number for a hold of the usual amount
    Then the terminal reports the pre-authorisation refused
    And the host is sent nothing
