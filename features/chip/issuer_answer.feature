Feature: What the issuer says to the chip
  The issuer's cryptogram and its scripts pass through the terminal, unread and complete; the chip has the last word.

  @C155
  Scenario: The issuer proves itself to the chip
    Given a credit card in the reader
    When the merchant asks for a hold of the usual amount
    Then the issuer proved itself to the chip by cryptogram
    And the chip is at last asked for a TC, and gives a TC
    And the terminal reports the pre-authorisation approved

  @C155
  Scenario: The issuer proves itself to the chip by a command of its own
    Given an external-authenticate card in the reader
    When the merchant asks for a hold of the usual amount
    Then the issuer proved itself to the chip by command
    And the chip is at last asked for a TC, and gives a TC
    And the terminal reports the pre-authorisation approved

  @C155
  Scenario: A wrong proof of the issuer, and the chip declines what the host approved
    Given a credit card in the reader
    And the host answers the pre-authorisation with a wrong proof for the chip
    When the merchant asks for a hold of the usual amount
    Then the issuer did not prove itself to the chip by cryptogram
    And the chip is at last asked for a TC, and gives an AAC
    And the terminal reports the pre-authorisation card declined
    And the reversal of the pre-authorisation says that the terminal could not go on
    And nothing is printed as approved
    And in the end the issuer holds nothing

  @C155
  Scenario: A wrong proof of the issuer by command is told to the chip as such
    Given an external-authenticate card in the reader
    And the host answers the pre-authorisation with a wrong proof for the chip
    When the merchant asks for a hold of the usual amount
    Then the issuer did not prove itself to the chip by command
    And in the end the chip is told, among others, of issuer authentication failed
    And the terminal reports the pre-authorisation card declined
    And the host is sent the pre-authorisation, then its reversal

  @C156
  Scenario: No proof of the issuer at all
    Given a credit card in the reader
    And the host answers the pre-authorisation without a proof for the chip
    When the merchant asks for a hold of the usual amount
    Then nothing of the issuer was there to be proved
    And the chip is at last asked for a TC, and gives an AAC
    And the terminal reports the pre-authorisation card declined
    And in the end the issuer holds nothing

  @C155
  Scenario: The issuer's proof is handed on when it declines, too
    Given a credit card in the reader
    And the host declines the pre-authorisation with 51
    When the merchant asks for a hold of the usual amount
    Then the issuer proved itself to the chip by cryptogram
    And the chip is at last asked for an AAC, and gives an AAC
    And the terminal reports a decline with 51

  @C155
  Scenario: What the issuer declined stays declined, though the chip would have it
    Given a credit card in the reader that approves against its terminal
    And the host declines the pre-authorisation with 51
    When the merchant asks for a hold of the usual amount
    Then the chip is at last asked for an AAC, and gives a TC
    And the terminal reports a decline with 51
    And nothing is reversed
    And nothing is printed as approved
    And the issuer holds nothing

  @C157
  Scenario Outline: A script of the issuer <when> the chip's last word
    Given a credit card in the reader
    And the host answers the pre-authorisation <how>
    When the merchant asks for a hold of the usual amount
    Then <before> script commands reached the chip before its last word and <after> after it
    And the scripts are told to the host as <results>
    And the terminal reports the pre-authorisation approved
    And the host is sent the pre-authorisation, then a script notice

    Examples:
      | when   | how                                | before | after | results |
      | before | with a script before the last word | 1      | 0     | done    |
      | after  | with a script after the last word  | 0      | 1     | done    |

  @C157
  Scenario: Scripts before and after the chip's last word
    Given a credit card in the reader
    And the host answers the pre-authorisation with scripts before and after the last word
    When the merchant asks for a hold of the usual amount
    Then 1 script command reached the chip before its last word and 1 after it
    And the scripts are told to the host as done, then done
    And the terminal reports the pre-authorisation approved
    And the host is sent the pre-authorisation, then a script notice

  @C157
  Scenario Outline: A script that the chip does not take <when> its last word
    Given a credit card in the reader that refuses scripts
    And the host answers the pre-authorisation <how>
    When the merchant asks for a hold of the usual amount
    Then the scripts are told to the host as failed
    And the terminal reports the pre-authorisation approved
    And the host is sent the pre-authorisation, then a script notice

    Examples:
      | when   | how                                |
      | before | with a script before the last word |
      | after  | with a script after the last word  |

  @C157
  Scenario: A script that the chip carries out with a warning is done
    Given a credit card in the reader that warns at scripts
    And the host answers the pre-authorisation with a script before the last word
    When the merchant asks for a hold of the usual amount
    Then the scripts are told to the host as done
    And the terminal reports the pre-authorisation approved

  @C157
  Scenario: A script that nobody sealed is not carried out by the chip, and the host is told
    Given a credit card in the reader
    And the host answers the pre-authorisation with a script that nobody sealed rightly
    When the merchant asks for a hold of the usual amount
    Then the scripts are told to the host as failed
    And the terminal reports the pre-authorisation approved
    And the host is sent the pre-authorisation, then a script notice

  @C157
  Scenario: A script that failed before the chip's last word is told to it
    Given a credit card in the reader that refuses scripts
    And the host answers the pre-authorisation with a script before the last word
    When the merchant asks for a hold of the usual amount
    Then in the end the chip is told, among others, of script processing failed before final GENERATE AC
    And the terminal reports the pre-authorisation approved

  @C157 @C165
  Scenario Outline: <What> that the issuer blocks by a script is not used again, and its stripe neither
    Given a credit card in the reader
    And the terminal tries a chip 1 time before it falls back to the stripe
    And the host answers the pre-authorisation with a script that blocks <what>
    When the merchant asks for a hold of the usual amount
    Then the scripts are told to the host as done
    And the terminal reports the pre-authorisation approved
    When the merchant asks for a hold of the other amount
    Then the terminal reports the pre-authorisation card declined
    And the host is sent nothing
    And the issuer holds the usual amount

    Examples:
      | What           | what            |
      | An application | the application |
      | A card         | the card        |

  @C157
  Scenario: When the issuer has changed the PIN by a script, the PIN before is wrong
    Given an offline-pin card in the reader
    And the host answers the pre-authorisation with a script that changes the PIN
    And the cardholder types the right PIN twice, and cancels then
    When the merchant asks for a hold of the usual amount
    Then the card found the PIN right
    And the scripts are told to the host as done
    And the terminal reports the pre-authorisation approved
    When the merchant asks for a hold of the other amount
    Then the card found the PIN wrong
    And the terminal reports the pre-authorisation cancelled
    And the host is sent nothing

  @C096 @C153
  Scenario: Without an answer the chip is asked for nothing but a decline
    Given a credit card in the reader
    And the host does not answer the pre-authorisation
    When the merchant asks for a hold of the usual amount
    Then the chip is at last asked for an AAC, and gives an AAC
    And the terminal reports the pre-authorisation no reply
    And the host is sent the pre-authorisation, then its reversal

  @C173
  Scenario: The host stands in for an issuer that it cannot reach
    The switch approves in the issuer's place: it has no key to prove anything to the chip with.

    Given a credit card in the reader that wants no proof of the issuer
    And the host stands in for the issuer of the pre-authorisation
    When the merchant asks for a hold of the usual amount
    Then nothing of the issuer was there to be proved
    And the terminal reports the pre-authorisation approved
    And the hold is open
    And nothing is reversed
