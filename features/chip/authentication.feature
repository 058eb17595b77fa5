Feature: Whether the card is genuine
  The terminal looks at what the issuer signed, and tells the chip and the host what it found. Nobody is turned away
  for it: a hold goes online, and the issuer decides.

  @C159
  Scenario Outline: A genuine card is found genuine by <method>
    Given a <card> card in the reader
    When the merchant asks for a hold of the usual amount
    Then the card was authenticated by <method>
    And the chip is not told of <method> failed
    And the chip is not told of offline data authentication was not performed
    And the terminal reports the pre-authorisation approved
    And the issuer holds the usual amount

    Examples:
      | card     | method |
      | sda-only | SDA    |
      | credit   | DDA    |
      | cda      | CDA    |

  @C159
  Scenario Outline: A forged card is told to the issuer, who decides
    Given a <card> card in the reader that <fault>
    And the host declines the pre-authorisation with 05
    When the merchant asks for a hold of the usual amount
    Then the authentication of the card by <method> failed
    And the chip is told, among others, of <method> failed
    And the terminal reports a decline with 05
    And the issuer holds nothing

    Examples:
      | card     | fault                          | method |
      | sda-only | has a wrong static signature   | SDA    |
      | credit   | signs wrongly                  | DDA    |
      | cda      | has a wrong issuer certificate | CDA    |

  @C159
  Scenario: A card that offers no authentication
    Given a no-oda card in the reader
    When the merchant asks for a hold of the usual amount
    Then the card was not authenticated
    And the chip is told, among others, of offline data authentication was not performed
    And the terminal reports the pre-authorisation approved

  @C160
  Scenario Outline: Keys of card schemes that are missing, too old or not what they should be
    Given a credit card in the reader
    And the terminal <what>
    When the merchant asks for a hold of the usual amount
    Then the chip is told, among others, of DDA failed
    And the terminal reports the pre-authorisation approved
    And the host is sent the pre-authorisation

    Examples:
      | what                                                         |
      | has no keys of card schemes                                  |
      | has expired keys of card schemes                             |
      | has keys of card schemes that are not what their digests say |
      | has been told that the card's issuer certificate is revoked  |

  @C160
  Scenario: Keys of card schemes that come by download are used
    Given a credit card in the reader
    And the terminal has no keys of card schemes
    When the terminal downloads its CA keys
    And the merchant asks for a hold of the usual amount
    Then the card was authenticated by DDA
    And the chip is not told of DDA failed
    And the terminal reports the pre-authorisation approved
