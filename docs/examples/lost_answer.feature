Feature: The answer to a large hold is lost
  The issuer holds the money, and the terminal never hears of it. It must undo what it cannot know.

  Scenario: What was approved and never heard of is undone
    Given a credit card in the reader
    And the host keeps to the rules of docs/examples/lost-answers.yaml
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation no reply
    And the pre-authorisation is reversed
    And in the end the issuer holds nothing
