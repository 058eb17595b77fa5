Feature: Cards of every kind
  Nothing is wrong with these cards: each is personalised in a way of its own, and each is held for.

  Background:
    Given the terminal's floor limit is the account's amount

  @C001 @C002 @C003 @C159 @C160
  Scenario Outline: A card of the kind <card>
    Given a <card> card in the reader
    When the merchant asks for a hold of the usual amount
    Then the chip is told of <told>
    And the cardholder was verified by <method>, with the result <result>
    And the host is sent the pre-authorisation
    And the terminal reports the pre-authorisation approved
    And the issuer holds the usual amount
    And both copies name the application and its label

    Examples:
      | card                  | told                           | method                                          | result     |
      | debit                 | online PIN entered             | enciphered PIN verified online                  | unknown    |
      | foreign               | online PIN entered             | enciphered PIN verified online                  | unknown    |
      | other-scheme-first    | online PIN entered             | enciphered PIN verified online                  | unknown    |
      | other-keys            | online PIN entered             | enciphered PIN verified online                  | unknown    |
      | odd-data              | online PIN entered             | enciphered PIN verified online                  | unknown    |
      | long-iad              | online PIN entered             | enciphered PIN verified online                  | unknown    |
      | document              | online PIN entered             | enciphered PIN verified online                  | unknown    |
      | risk-limits           | new card, online PIN entered   | enciphered PIN verified online                  | unknown    |
      | expired-ca-key        | DDA failed, online PIN entered | enciphered PIN verified online                  | unknown    |
      | wrong-ca-digest       | DDA failed, online PIN entered | enciphered PIN verified online                  | unknown    |
      | revoked-issuer        | DDA failed, online PIN entered | enciphered PIN verified online                  | unknown    |
      | offline-pin-card-key  | no fault                       | enciphered PIN verification by ICC              | successful |
      | offline-pin-signature | no fault                       | plaintext PIN verification by ICC and signature | unknown    |

  @C004 @C030 @C178
  Scenario Outline: Verified by amount: <amount>
    Given a cvm-by-amount card in the reader
    When the merchant asks for a hold of <amount>
    Then the cardholder was verified by <method>, with the result <result>
    And the terminal reports the pre-authorisation approved
    And the merchant's copy says that <noted>

    Examples:
      | amount                                                                         | method                         | result     | noted                                |
      | the odd amount                                                                 | no CVM required                | successful | neither PIN nor signature was wanted |
      | the other amount                                                               | signature                      | unknown    | it is to be signed                   |
      | the usual amount together with the usual amount                                | enciphered PIN verified online | unknown    | a PIN was typed                      |
      | the usual amount together with the usual amount together with the other amount | enciphered PIN verified online | unknown    | a PIN was typed                      |

  @C165
  Scenario: A card of a scheme that the terminal does not know
    Given an unknown-scheme card in the reader
    And the terminal never falls back to the stripe
    When the merchant asks for a hold of the usual amount
    Then the chip is asked for no cryptogram
    And the terminal reports the pre-authorisation card declined
    And the host is sent nothing

  @C168
  Scenario: After a hold that was approved a card is no longer new
    Given a risk-limits card in the reader
    And a hold of the usual amount
    When the merchant asks for a hold of the other amount
    Then the chip is not told of new card
    And the terminal reports the pre-authorisation approved
