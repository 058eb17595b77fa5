Feature: Somebody changes his mind
  Whoever goes before the host is asked leaves nothing behind: no message, no hold, no slip.

  @C017
  Scenario Outline: The cardholder cancels at the PIN of <card>
    Given an <card> card in the reader
    And the cardholder cancels when the PIN is asked
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation cancelled
    And the chip is asked for no cryptogram
    And the host is sent nothing
    And the issuer holds nothing
    And nothing is printed as approved

    Examples:
      | card                   |
      | offline-pin            |
      | offline-pin-enciphered |
      | external-authenticate  |

  @C018
  Scenario: The operator cancels while the terminal waits for a card
    Given a credit card at hand
    And the operator cancels while the terminal waits for a card
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation cancelled
    And the chip was left alone
    And the host is sent nothing
    And the issuer holds nothing

  @C019
  Scenario: Nobody presents a card
    Given a credit card at hand
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation cancelled
    And the chip was left alone
    And the host is sent nothing

  @C019
  Scenario: Nobody swipes a card
    Given a credit card at hand
    And the cardholder does nothing that a display asks of him
    When a card is swiped for a hold of the usual amount
    Then the terminal reports the pre-authorisation cancelled
    And the host is sent nothing

  @C020
  Scenario: The cardholder never types his PIN
    Given a credit card in the reader
    And the cardholder types no PIN at all
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation cancelled
    And the chip is asked for no cryptogram
    And the host is sent nothing
    And the issuer holds nothing
    And nothing is printed as approved

  @C017 @C020
  Scenario: After a change of mind the next hold is as ever
    Given a credit card in the reader
    And the cardholder cancels when the PIN is asked
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation cancelled
    When the cardholder knows his PIN after all
    And the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation approved
    And the issuer holds the usual amount
