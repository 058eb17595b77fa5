Feature: A PIN on the line
  The PIN pad enciphers what is typed under the key of the last sign-on; nothing else of it leaves the pad. UnionPay POS
  derives no key for each transaction (DUKPT), so there is no counter that could rise.

  @C216
  Scenario Outline: A PIN leaves the pad enciphered, for a <card> card
    Given a <card> card in the reader
    When the merchant asks for a hold of the usual amount
    Then the PIN is sent enciphered, and only so
    And the terminal reports the pre-authorisation approved

    Examples:
      | card   |
      | credit |
      | debit  |

  @C216
  Scenario: The PIN of a swiped card is sent enciphered
    Given a stripe-debit card at hand
    When a card is swiped for a hold of the usual amount
    Then the PIN is sent enciphered, and only so
    And the terminal reports the pre-authorisation approved

  @C216
  Scenario: A wrong PIN is sent enciphered, too
    Given a credit card in the reader
    And the cardholder mistypes the PIN once
    When the merchant asks for a hold of the usual amount
    Then the PIN is sent enciphered, and only so
    And the PIN was asked 2 times, each with a request of its own
    And the terminal reports the pre-authorisation approved

  @C133 @C216
  Scenario: After a sign-on the PIN is enciphered under the new key
    Given a credit card in the reader
    And a hold of the usual amount
    When the terminal signs on
    And the merchant asks for a hold of the other amount
    Then the PIN is sent enciphered, and only so
    And the terminal reports the pre-authorisation approved

  @C216
  Scenario Outline: A PIN that the card looks at does not go to the host, for an <card> card
    Given an <card> card in the reader
    When the merchant asks for a hold of the usual amount
    Then no PIN is sent
    And the terminal reports the pre-authorisation approved

    Examples:
      | card                   |
      | offline-pin            |
      | offline-pin-enciphered |
