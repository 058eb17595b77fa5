Feature: The issuer approves a part
  A terminal that can take a part takes exactly that part. One that cannot undoes the whole.

  @C028
  Scenario: A part of a hold is taken
    Given a credit card in the reader
    And the terminal takes partial approvals
    And the host approves a part of the pre-authorisation
    When the merchant asks for a hold of the usual amount
    Then the terminal takes the part that was approved
    And nothing is reversed

  @C028
  Scenario: A sale for more than there is gets what there is
    Given a debit card in the reader, its account good for the less amount
    And the terminal takes partial approvals
    When the merchant sells for the usual amount
    Then the terminal takes the part that was approved
    And the account stands with nothing held and the less amount booked

  @C029
  Scenario: A part of a hold is refused
    Given a credit card in the reader
    And the terminal takes no partial approvals
    And the host approves a part of the pre-authorisation
    When the merchant asks for a hold of the usual amount
    Then the terminal refuses the part, and the whole is undone
    And nothing is printed as approved
    And in the end the issuer holds nothing

  @C029 @C118
  Scenario: A part of a sale is refused
    Given a credit card in the reader
    And the terminal takes no partial approvals
    And the host approves a part of the sale
    When the merchant sells for the usual amount
    Then the terminal refuses the part, and the whole is undone
    And in the end the account stands with nothing held and nothing booked
