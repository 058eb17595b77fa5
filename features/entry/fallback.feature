Feature: From the chip to the stripe
  A chip that cannot be read is tried again, and then the stripe takes its place, and the host is told so. A chip that
  says no is no chip that cannot be read.

  @C011
  Scenario Outline: A chip that <fault> is tried <times>, and the stripe takes its place
    Given a credit card in the reader that <fault>
    And the terminal tries a chip <count> before it falls back to the stripe
    When the merchant asks for a hold of the usual amount
    Then the chip was tried <count>
    And the terminal asked to swipe the card after the chip
    And the pre-authorisation says that the card was read by its stripe for want of a chip, without a PIN
    And the terminal reports the pre-authorisation approved
    And the issuer holds the usual amount

    Examples:
      | fault                        | count   | times       |
      | answers 6F00 to every SELECT | 3 times | three times |
      | garbles a record             | 2 times | twice       |
      | lacks its number             | 1 time  | once        |

  @C011 @C146
  Scenario: A card whose contacts say nothing is swiped in the end
    Given a credit card in the reader, with dirty contacts
    And the terminal tries a chip 1 time before it falls back to the stripe
    When the merchant asks for a hold of the usual amount
    Then the pre-authorisation says that the card was read by its stripe for want of a chip, without a PIN
    And the terminal reports the pre-authorisation approved

  @C011 @C146
  Scenario: A card that is put in the wrong way round is swiped in the end
    Given a credit card in the reader, the wrong way round
    And the terminal tries a chip 1 time before it falls back to the stripe
    When the merchant asks for a hold of the usual amount
    Then the pre-authorisation says that the card was read by its stripe for want of a chip, without a PIN
    And the terminal reports the pre-authorisation approved

  @C011
  Scenario: A chip that comes to itself is used after all
    Given a credit card in the reader that answers 6F00 to its first GET PROCESSING OPTIONS
    And the terminal tries a chip 3 times before it falls back to the stripe
    When the merchant asks for a hold of the usual amount
    Then the chip was tried 2 times
    And the terminal asked to insert the chip again
    And the pre-authorisation says that the card was read by its chip, with a PIN
    And the terminal reports the pre-authorisation approved

  @C011
  Scenario Outline: A chip that says no is not gone round: it <fault>
    Given a credit card in the reader that <fault>
    And the terminal tries a chip 1 time before it falls back to the stripe
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation card declined
    And the chip was tried 1 time
    And the host is sent nothing
    And the issuer holds nothing

    Examples:
      | fault                          |
      | is blocked                     |
      | has its application blocked    |
      | refuses its processing options |
      | declines at once               |
      | refuses its first word         |

  @C011
  Scenario: A terminal that never falls back ends with the chip
    Given a credit card in the reader that garbles a record
    And the terminal tries a chip 2 times
    And the terminal never falls back to the stripe
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation card declined
    And the chip was tried 2 times
    And the host is sent nothing

  @C011
  Scenario: The host takes no fallback, and the chip has to do
    Given a credit card in the reader that answers 6F00 to every SELECT
    And the terminal tries a chip 1 time before it falls back to the stripe
    And the host declines the pre-authorisation with 45
    When the merchant asks for a hold of the usual amount
    Then the terminal reports a decline with 45
    And the operator reads what 45 means
    And nothing is reversed
    And the issuer holds nothing
