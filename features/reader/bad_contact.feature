Feature: Dirty, bouncing and misplaced contacts
  A card that cannot be read is no card: nothing is asked of the host, and the next one is read as ever. That a stripe may
  take the chip's place is another matter (entry/fallback.feature).

  Background:
    Given the terminal tries a chip 1 time
    And the terminal never falls back to the stripe

  @C146
  Scenario Outline: A card whose answer to reset is none
    Given a credit card in the reader, <how>
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation card declined
    And nothing is sent to the host
    And the issuer holds nothing
    When another credit card is in the reader
    And the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation approved

    Examples:
      | how                                            |
      | with dirty contacts                            |
      | with a garbled answer to reset                 |
      | with a wrong check byte in its answer to reset |

  @C146
  Scenario: A card the wrong way round, and then the right one
    Given a credit card in the reader, the wrong way round
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation card declined
    And nothing is sent to the host
    When the card is turned round
    And the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation approved
    And the issuer holds the usual amount

  @C146
  Scenario: A card whose contacts bounce as it goes in
    Given a credit card in the reader, its contacts bouncing
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation approved
    And the issuer holds the usual amount
