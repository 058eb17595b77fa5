Feature: Which application of a card is used
  By the card's directory or by the terminal's list; where there are several, the cardholder says which.

  @C013
  Scenario Outline: A card with three applications, and the cardholder takes the <which> one
    Given a multi-app card in the reader
    And the terminal asks the cardholder for the application
    And the cardholder chooses the <which> application
    When the merchant asks for a hold of the usual amount
    Then the cardholder was shown <shown>
    And the cardholder's choice was <label>, and it was used
    And the terminal reports the pre-authorisation approved
    And the issuer holds the usual amount
    And both copies name the application and its label

    Examples:
      | which  | label        | shown                                |
      | first  | 银联信用卡   | 银联信用卡, 银联借记卡, 银联准贷记卡 |
      | second | 银联借记卡   | 银联信用卡, 银联借记卡, 银联准贷记卡 |
      | third  | 银联准贷记卡 | 银联信用卡, 银联借记卡, 银联准贷记卡 |

  @C013
  Scenario: The cardholder chooses none
    Given a multi-app card in the reader
    And the terminal asks the cardholder for the application
    And the cardholder chooses none of them
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation cancelled
    And the host is sent nothing
    And the issuer holds nothing

  @C013
  Scenario: A terminal that cannot ask takes the application that the issuer puts first
    Given a multi-app card in the reader
    And the terminal cannot ask the cardholder for the application
    When the merchant asks for a hold of the usual amount
    Then nobody was asked to choose
    And the application used was 银联信用卡
    And the terminal reports the pre-authorisation approved

  @C013
  Scenario: One application alone is not asked about
    Given a credit card in the reader
    And the terminal asks the cardholder for the application
    When the merchant asks for a hold of the usual amount
    Then nobody was asked to choose
    And the application used was 银联信用卡
    And the terminal reports the pre-authorisation approved

  @C013
  Scenario: An application that wants the cardholder's word has it
    Given an asks-first card in the reader
    And the cardholder agrees to the application
    When the merchant asks for a hold of the usual amount
    Then the cardholder was asked to agree to 银联信用卡
    And the terminal reports the pre-authorisation approved

  @C013
  Scenario: An application that wants the cardholder's word has it not
    Given an asks-first card in the reader
    And the cardholder does not agree to the application
    When the merchant asks for a hold of the usual amount
    Then the cardholder was asked to agree to 银联信用卡
    And the terminal reports the pre-authorisation cancelled
    And the host is sent nothing

  @C165
  Scenario: An application that cannot be had is struck off, and the cardholder has the others
    Given a multi-app card in the reader that refuses its first application
    And the terminal asks the cardholder for the application
    And the cardholder chooses the first application
    When the merchant asks for a hold of the usual amount
    Then the application used was 银联借记卡
    And the terminal reports the pre-authorisation approved

  @C165
  Scenario: A card without a directory is found by the terminal's own list
    Given a no-pse card in the reader
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation approved
    And the issuer holds the usual amount

  @C165
  Scenario Outline: A card that is blocked <where> asks for another card, and its stripe is no way round
    Given a credit card in the reader that <fault>
    And the terminal tries a chip 1 time before it falls back to the stripe
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation card declined
    And the chip is asked for no cryptogram
    And the host is sent nothing
    And the issuer holds nothing

    Examples:
      | where              | fault                       |
      | as a whole         | is blocked                  |
      | in its application | has its application blocked |

  @C166
  Scenario Outline: Two applications under one name of the terminal's list are two
    Given a two-credits card in the reader
    And the terminal asks the cardholder for the application
    And the cardholder chooses the <which> application
    When the merchant asks for a hold of the usual amount
    Then the cardholder was shown PBOC CREDIT A, PBOC CREDIT B
    And the cardholder's choice was <label>, and it was used
    And the terminal reports the pre-authorisation approved

    Examples:
      | which  | label         |
      | first  | PBOC CREDIT A |
      | second | PBOC CREDIT B |
