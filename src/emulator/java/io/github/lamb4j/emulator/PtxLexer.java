package io.github.lamb4j.emulator;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Splits PTX text into tokens and drops comments and white space. */
final class PtxLexer {

  /** A token and its position. */
  record Token(String text, int line, int start, int end) {
    boolean is(String other) {
      return text.equals(other);
    }

    boolean isNumber() {
      return Character.isDigit(text.charAt(0));
    }

    boolean isName() {
      return Character.isJavaIdentifierStart(text.charAt(0)) || text.charAt(0) == '%';
    }

    boolean isDirective() {
      return text.charAt(0) == '.';
    }
  }

  private static final Pattern TOKEN =
      Pattern.compile(
          "(?<skip>\\s+|//[^\\n]*|/\\*.*?\\*/)"
              + "|(?<token>\"[^\"\\n]*\""
              + "|0[fF][0-9a-fA-F]{8}|0[dD][0-9a-fA-F]{16}|0[xX][0-9a-fA-F]+U?|0[bB][01]+U?"
              + "|\\d+\\.\\d*(?:[eE]-?\\d+)?|\\d+[eE]-?\\d+|\\d+U?"
              + "|\\.[\\w$]+|[%$_a-zA-Z](?:[\\w$.]|::)*"
              + "|[{}\\[\\](),;:@!|+\\-<>=*])",
          Pattern.DOTALL);

  private PtxLexer() {}

  static List<Token> tokens(String text) {
    List<Token> tokens = new ArrayList<>();
    Matcher matcher = TOKEN.matcher(text);
    int line = 1;
    int at = 0;
    while (at < text.length()) {
      if (!matcher.find() || matcher.start() != at) {
        throw EmulatorException.atLine(line, "unexpected character '" + text.charAt(at) + "'");
      }
      String token = matcher.group("token");
      if (token != null) tokens.add(new Token(token, line, at, matcher.end()));
      for (; at < matcher.end(); at++) if (text.charAt(at) == '\n') line++;
    }
    return tokens;
  }
}
