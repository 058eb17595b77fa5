Feature: A hold by the stripe
  A card that has no chip is drawn through. One that has a chip must show it.

  @C009
  Scenario: A card without a chip is swiped
    Given a stripe-only card at hand
    When a card is swiped for a hold of the usual amount
    Then the pre-authorisation says that the card was read by its stripe, without a PIN
    And the chip was left alone
    And the terminal reports the pre-authorisation approved
    And the issuer holds the usual amount
    And both copies are printed
    And the merchant's copy says that it is to be signed

  @C009
  Scenario: A card whose stripe wants a PIN has one asked for
    Given a stripe-debit card at hand
    When a card is swiped for a hold of the usual amount
    Then the pre-authorisation says that the card was read by its stripe, with a PIN
    And the PIN was asked once, online
    And the terminal reports the pre-authorisation approved
    And the issuer holds the usual amount
    And the merchant's copy says that a PIN was typed

  @C009
  Scenario: What was held by the stripe is completed
    Given a stripe-only card at hand
    When a card is swiped for a hold of the usual amount
    And the merchant completes it without the card for the full amount
    Then the terminal reports the completion approved
    And the account stands with nothing held and the full amount booked

  @C009
  Scenario: A sale by the stripe
    Given a stripe-only card at hand
    When a card is swiped for a sale of the usual amount
    Then the sale says that the card was read by its stripe, without a PIN
    And the terminal reports the sale approved
    And the account stands with nothing held and the usual amount booked

  @C010
  Scenario Outline: A card with a chip is swiped, and the terminal wants the chip
    Given a <card> card at hand
    When a card is swiped for a hold of the usual amount
    Then the terminal asked to insert the chip after a swipe
    And the pre-authorisation says that the card was read by its chip, with a PIN
    And the terminal reports the pre-authorisation approved
    And the issuer holds the usual amount

    Examples:
      | card   |
      | credit |
      | debit  |

  @C009
  Scenario: A stripe that cannot be read is drawn through again
    Given a stripe-only card at hand
    And the stripe of the card is worn
    When a card is swiped for a hold of the usual amount
    Then the terminal asked to swipe the card again
    And the terminal reports the pre-authorisation approved
    And the pre-authorisation is sent once

  @C083
  Scenario: The terminal itself refuses an expired card that is swiped
    Given a stripe-only card at hand that has expired
    When a card is swiped for a hold of the usual amount
    Then the terminal reports the pre-authorisation refused
    And the host is sent nothing

  @C009 @C080
  Scenario: A wrong PIN once, and then the right one
    Given a stripe-debit card at hand
    And the cardholder mistypes the PIN once
    When a card is swiped for a hold of the usual amount
    Then the PIN was asked 2 times, each with a request of its own
    And the terminal reports the pre-authorisation approved

  @C009 @C175
  Scenario: The number of a swiped card is masked on the cardholder's copy
    Given a stripe-only card at hand
    When a card is swiped for a hold of the usual amount
    Then both copies are printed
    And the card number is masked on the cardholder's copy
    And no copy shows the day on which the card expires

  @C096
  Scenario: No answer to a hold by the stripe
    Given a stripe-only card at hand
    And the host does not answer the pre-authorisation
    When a card is swiped for a hold of the usual amount
    Then the terminal reports the pre-authorisation no reply
    And the host is sent the pre-authorisation, then its reversal
    And in the end the issuer holds nothing
