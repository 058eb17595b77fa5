Feature: What each response code means
  A code of the market's table is taken for what the table says; any other is a decline.

  Background:
    Given a credit card in the reader

  @C084 @C094
  Scenario Outline: The issuer does not honour the card
    Given the host declines the pre-authorisation with <code>
    When the merchant asks for a hold of the usual amount
    Then the terminal reports a decline with <code>
    And the operator reads what <code> means
    And nothing is printed as approved
    And nothing is reversed

    Examples:
      | code |
      | 05   |

  @C085 @C094
  Scenario Outline: The card does not exist
    Given the host declines the pre-authorisation with <code>
    When the merchant asks for a hold of the usual amount
    Then the terminal reports a decline with <code>
    And the operator reads what <code> means
    And nothing is printed as approved
    And nothing is reversed

    Examples:
      | code |
      | 14   |
      | 15   |

  @C086 @C094
  Scenario Outline: The card or the terminal is not permitted
    Given the host declines the pre-authorisation with <code>
    When the merchant asks for a hold of the usual amount
    Then the terminal reports a decline with <code>
    And the operator reads what <code> means
    And nothing is printed as approved
    And nothing is reversed

    Examples:
      | code |
      | 57   |
      | 58   |

  @C087 @C094
  Scenario Outline: A limit of amount or frequency is exceeded
    Given the host declines the pre-authorisation with <code>
    When the merchant asks for a hold of the usual amount
    Then the terminal reports a decline with <code>
    And the operator reads what <code> means
    And nothing is printed as approved
    And nothing is reversed

    Examples:
      | code |
      | 61   |
      | 65   |

  @C088 @C094
  Scenario Outline: The card is restricted
    Given the host declines the pre-authorisation with <code>
    When the merchant asks for a hold of the usual amount
    Then the terminal reports a decline with <code>
    And the operator reads what <code> means
    And nothing is printed as approved
    And nothing is reversed

    Examples:
      | code |
      | 62   |

  @C089 @C094
  Scenario Outline: The issuer wants to be called
    Given the host declines the pre-authorisation with <code>
    When the merchant asks for a hold of the usual amount
    Then the terminal reports a decline with <code>
    And the operator reads what <code> means
    And nothing is printed as approved
    And nothing is reversed

    Examples:
      | code |
      | 01   |
      | 02   |

  @C090 @C094
  Scenario Outline: The issuer cannot be reached by the host: a decline, and no time-out
    Given the host declines the pre-authorisation with <code>
    When the merchant asks for a hold of the usual amount
    Then the terminal reports a decline with <code>
    And the operator reads what <code> means
    And nothing is printed as approved
    And nothing is reversed

    Examples:
      | code |
      | 91   |
      | 96   |
      | 98   |

  @C091 @C094
  Scenario Outline: The host finds the message badly formed
    Given the host declines the pre-authorisation with <code>
    When the merchant asks for a hold of the usual amount
    Then the terminal reports a decline with <code>
    And the operator reads what <code> means
    And nothing is printed as approved
    And nothing is reversed

    Examples:
      | code |
      | 30   |

  @C088 @C082
  Scenario Outline: The card is to be kept, and the customer is not told
    Given the host declines the pre-authorisation with <code>
    When the merchant asks for a hold of the usual amount
    Then the terminal reports a decline with <code>
    And the customer is not told why
    And nothing is reversed

    Examples:
      | code |
      | 04   |
      | 34   |

  @C092
  Scenario Outline: An unknown code is a decline, and is shown
    Given the host declines the pre-authorisation with <code>
    When the merchant asks for a hold of the usual amount
    Then the terminal takes the unknown code <code> for a decline
    And nothing is printed as approved
    And nothing is reversed

    Examples:
      | code |
      | Z9   |
      | 87   |

  @C093
  Scenario Outline: A code of success with a flaw is an approval
    Given the host approves the pre-authorisation with <code>
    When the merchant asks for a hold of the usual amount
    Then the terminal reports an approval with <code>
    And both copies are printed
    And the hold is open
    And nothing is reversed

    Examples:
      | code |
      | 11   |
      | A2   |
      | A4   |
      | A5   |
      | A6   |

  @C093
  Scenario: A completion approved with a flaw is a completion
    Given a hold of the usual amount
    And the host approves the completion with A2
    When the merchant completes it for the full amount
    Then the terminal reports an approval with A2
    And the hold is completed

  @C094
  Scenario: A declined completion leaves the hold, and the operator reads why
    Given a hold of the usual amount
    And the host declines the completion with 61
    When the merchant completes it for the full amount
    Then the terminal reports a decline with 61
    And the operator reads what 61 means
    And the hold is open
