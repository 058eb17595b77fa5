Feature: Only test cards
  The rig reads on only for a card that its list lets in. A card that it does not let in ends the whole run at the first
  record that shows its number, and nothing of it is kept: that is what Holdfast's own tests show, no scenario can.

  @C215
  Scenario Outline: A card of each kind is on the list and read on
    Given a <kind> card in the reader
    When the merchant asks for a hold of the usual amount
    Then the card is let in by the rig's list and read on
    And the terminal reports the pre-authorisation approved
    And the hold is open

    Examples:
      | kind   |
      | credit |
      | debit  |
