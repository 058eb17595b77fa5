Feature: How the cardholder is verified
  The card says how, in its order; the terminal does the first that it can, tells what came of it, and the slip agrees.

  @C001 @C178
  Scenario: An online PIN
    Given a credit card in the reader
    When the merchant asks for a hold of the usual amount
    Then the PIN was asked once, online
    And the cardholder was verified by enciphered PIN verified online, with the result unknown
    And the pre-authorisation says that the card was read by its chip, with a PIN
    And the merchant's copy says that a PIN was typed
    And the terminal reports the pre-authorisation approved

  @C002 @C178
  Scenario: A PIN that the card looks at itself
    Given an offline-pin card in the reader
    When the merchant asks for a hold of the usual amount
    Then the PIN was asked once, plain
    And the card found the PIN right
    And the cardholder was verified by plaintext PIN verification by ICC, with the result successful
    And no PIN is sent
    And the terminal reports the pre-authorisation approved
    And the merchant's copy says that a PIN was typed
    And the issuer holds the usual amount

  @C002 @C178
  Scenario: A PIN that the card deciphers and looks at itself
    Given an offline-pin-enciphered card in the reader
    When the merchant asks for a hold of the usual amount
    Then the PIN was asked once, enciphered
    And the card found the PIN right
    And the cardholder was verified by enciphered PIN verification by ICC, with the result successful
    And no PIN is sent
    And the terminal reports the pre-authorisation approved
    And the merchant's copy says that a PIN was typed
    And the issuer holds the usual amount

  @C003 @C178
  Scenario: A signature
    Given a signature-only card in the reader
    When the merchant asks for a hold of the usual amount
    Then nobody was asked for a PIN
    And the cardholder was verified by signature, with the result unknown
    And the pre-authorisation says that the card was read by its chip, without a PIN
    And the terminal reports the pre-authorisation approved
    And the merchant's copy says that it is to be signed

  @C004 @C030 @C178
  Scenario Outline: No verification is wanted <where> the card's limit
    Given a no-cvm card in the reader
    When the merchant asks for a hold of <amount>
    Then the cardholder was verified by <method>, with the result <result>
    And the pre-authorisation says that the card was read by its chip, <pin>
    And the terminal reports the pre-authorisation approved
    And the merchant's copy says that <noted>

    Examples:
      | where      | amount                                             | method                         | result     | pin           | noted                                |
      | just below | the usual amount without the smallest amount       | no CVM required                | successful | without a PIN | neither PIN nor signature was wanted |
      | exactly at | the usual amount                                   | enciphered PIN verified online | unknown    | with a PIN    | a PIN was typed                      |
      | just above | the usual amount together with the smallest amount | enciphered PIN verified online | unknown    | with a PIN    | a PIN was typed                      |

  @C080
  Scenario Outline: The card finds the PIN wrong once, and then right
    Given an <card> card in the reader
    And the cardholder mistypes the PIN once
    When the merchant asks for a hold of the usual amount
    Then the PIN was asked twice, <form>
    And the card found the PIN wrong, then right
    And the terminal asked for the PIN again
    And the chip is not told of PIN Try Limit exceeded
    And the pre-authorisation is sent once
    And the terminal reports the pre-authorisation approved

    Examples:
      | card                   | form       |
      | offline-pin            | plain      |
      | offline-pin-enciphered | enciphered |

  @C081
  Scenario: The card finds the PIN wrong until its tries are used up, and the next verification takes its place
    Given an offline-pin card in the reader
    And the cardholder never finds the right PIN
    When the merchant asks for a hold of the usual amount
    Then the card found the PIN wrong, then wrong, then wrong
    And the chip is told, among others, of PIN Try Limit exceeded
    And the cardholder was verified by enciphered PIN verified online, with the result unknown
    And the terminal reports no approval

  @C162
  Scenario: With one try left the cardholder is told so
    Given an offline-pin card in the reader that has one PIN try left
    When the merchant asks for a hold of the usual amount
    Then the terminal asked for the last try
    And the card found the PIN right
    And the terminal reports the pre-authorisation approved

  @C162
  Scenario: With one try left, and wrong
    Given an offline-pin card in the reader that has one PIN try left
    And the cardholder mistypes the PIN once
    When the merchant asks for a hold of the usual amount
    Then the card found the PIN wrong
    And the chip is told, among others, of PIN Try Limit exceeded
    And the cardholder was verified by enciphered PIN verified online, with the result unknown
    And the terminal reports the pre-authorisation approved

  @C162
  Scenario: A card that blocks its application with the last try
    Given an offline-pin card in the reader that blocks itself at its last PIN
    And the cardholder mistypes the PIN once
    When the merchant asks for a hold of the usual amount
    Then the card found the PIN wrong
    And the terminal reports the pre-authorisation card declined
    And the host is sent nothing
    And the issuer holds nothing

  @C081 @C017
  Scenario: A card that calls every PIN wrong is given up by its holder
    Given an offline-pin card in the reader that calls every PIN wrong
    And the cardholder types the right PIN twice, and cancels then
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation cancelled
    And the host is sent nothing
    And the issuer holds nothing

  @C162
  Scenario: With no try left the PIN pad is not asked for it
    Given an offline-pin card in the reader that has no PIN tries left
    When the merchant asks for a hold of the usual amount
    Then nobody was asked for a plain PIN
    And the PIN was asked once, online
    And the chip is told, among others, of PIN Try Limit exceeded
    And the terminal reports the pre-authorisation approved

  @C163
  Scenario: A cardholder who has forgotten his PIN signs, where the card allows it
    Given a credit card in the reader
    And the terminal lets the cardholder go on without a PIN
    And the cardholder has forgotten the PIN, and goes on without it
    When the merchant asks for a hold of the usual amount
    Then the chip is told, among others, of PIN entry required and PIN pad present but PIN was not entered
    And the chip is not told of online PIN entered
    And the cardholder was verified by signature, with the result unknown
    And no PIN is sent
    And the terminal reports the pre-authorisation approved
    And the merchant's copy says that it is to be signed

  @C163 @C020
  Scenario: Where nobody may go on without a PIN, who types none is waited for in vain
    Given a credit card in the reader
    And the terminal does not go on without a PIN
    And the cardholder has forgotten the PIN, and goes on without it
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation cancelled
    And the chip is asked for no cryptogram
    And the host is sent nothing

  @C163
  Scenario: An offline PIN that was passed by is told, whatever is asked for after it
    A terminal may take every later PIN for passed by, too, or ask for it: EMV Book 4, 6.3.4.3 leaves it to the terminal.

    Given an offline-pin card in the reader
    And the terminal lets the cardholder go on without a PIN
    And the cardholder has forgotten the PIN, and goes on without it
    When the merchant asks for a hold of the usual amount
    Then the chip is told, among others, of PIN entry required and PIN pad present but PIN was not entered
    And the chip is not told of PIN Try Limit exceeded
    And the terminal reports the pre-authorisation approved

  @C164
  Scenario: The PIN pad does not work, and the card has another verification
    Given a credit card in the reader
    And the terminal's PIN pad does not work
    When the merchant asks for a hold of the usual amount
    Then the chip is told, among others, of PIN entry required and PIN pad not present or not working
    And nobody was asked for a PIN
    And the cardholder was verified by signature, with the result unknown
    And the merchant's copy says that it is to be signed

  @C164
  Scenario: A verification that nobody knows stops nothing
    Given a credit card in the reader that wants an unknown verification, or else a PIN
    When the merchant asks for a hold of the usual amount
    Then the chip is told, among others, of unrecognised CVM
    And the PIN was asked once, online
    And the terminal reports the pre-authorisation approved
    And the issuer holds the usual amount

  @C164
  Scenario: A card that says nothing of verification
    Given a credit card in the reader that has no list of verifications
    When the merchant asks for a hold of the usual amount
    Then the cardholder was not verified at all
    And nobody was asked for a PIN
    And the pre-authorisation says that the card was read by its chip, without a PIN
    And the terminal reports the pre-authorisation approved

  @C164
  Scenario: A verification that the terminal cannot do
    Given a signature-only card in the reader
    And the terminal can do IC with contacts, magnetic stripe, enciphered PIN for online verification alone
    When the merchant asks for a hold of the usual amount
    Then no verification that the card wants could be done
    And the chip is told, among others, of cardholder verification was not successful
    And nobody was asked for a PIN
    And the terminal reports the pre-authorisation approved
