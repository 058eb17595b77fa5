Feature: What the chip says, the host hears and the slip shows
  One amount, one number, one application: the same in the chip's cryptogram, the message and on paper.

  @C168
  Scenario Outline: A card number of <digits> digits
    Given a <card> card in the reader
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation approved
    And the issuer holds the usual amount
    And the card number is masked on the cardholder's copy
    When the merchant completes it for the full amount
    Then the terminal reports the completion approved

    Examples:
      | digits | card   |
      | 13     | pan-13 |
      | 16     | credit |
      | 19     | pan-19 |

  @C168
  Scenario: A card with a sequence number
    Given a credit card in the reader
    When the merchant asks for a hold of the usual amount
    Then the pre-authorisation says 001 for the card's sequence number
    And the terminal reports the pre-authorisation approved

  @C168
  Scenario: A card without a sequence number
    Given a no-psn card in the reader
    When the merchant asks for a hold of the usual amount
    Then the pre-authorisation carries no sequence number of the card
    And the terminal reports the pre-authorisation approved
    And the issuer holds the usual amount

  @C154
  Scenario: A card under the common session key
    Given a cvn-18 card in the reader
    When the merchant asks for a hold of the usual amount
    Then the issuer proved itself to the chip by cryptogram
    And the terminal reports the pre-authorisation approved
    And the issuer holds the usual amount

  @C154
  Scenario: A cryptogram that is not the card's is refused by the host
    Given a credit card in the reader that has a wrong cryptogram
    When the merchant asks for a hold of the usual amount
    Then the host refuses it as a card that is not genuine
    And the chip is at last asked for an AAC
    And the issuer holds nothing

  @C170
  Scenario: No transaction is like the one before
    Given a credit card in the reader
    And a hold of the usual amount
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation approved
    And the chip's counter has risen, and no unpredictable number came twice

  @C171
  Scenario Outline: What the chip signs is what is sent and printed
    Given a credit card in the reader
    When the merchant asks for a hold of <amount>
    Then the chip data of the pre-authorisation are of <amount>
    And the chip data say that it is a pre-authorisation
    And the pre-authorisation is sent for <amount>
    And both copies show <amount>
    And the terminal reports the pre-authorisation approved

    Examples:
      | amount              |
      | the smallest amount |
      | the odd amount      |
      | the usual amount    |

  @C176 @C177
  Scenario: The slip names the application, and not the day on which the card expires
    Given a credit card in the reader
    When the merchant asks for a hold of the usual amount
    Then both copies are printed
    And both copies name the application and its label
    And no copy shows the day on which the card expires
