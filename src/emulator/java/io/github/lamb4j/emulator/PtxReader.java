package io.github.lamb4j.emulator;

import io.github.lamb4j.emulator.PtxLexer.Token;
import java.util.List;

/** Reads the tokens of PTX text one by one. */
abstract class PtxReader {

  final List<Token> tokens;

  /** The index of the next token. */
  int next;

  PtxReader(List<Token> tokens) {
    this.tokens = tokens;
  }

  final int endOfDeclaration() {
    int end = next;
    while (end < tokens.size() && !tokens.get(end).is(";")) end++;
    return Math.min(end + 1, tokens.size());
  }

  /** The index of the token after the body that starts here. */
  final int endOfBody() {
    int depth = 0;
    for (int i = next; i < tokens.size(); i++) {
      if (tokens.get(i).is("{")) depth++;
      if (tokens.get(i).is("}") && --depth == 0) return i + 1;
    }
    return tokens.size();
  }

  final long signedInteger() {
    boolean negative = takeIf("-");
    long value = integer();
    return negative ? -value : value;
  }

  final long integer() {
    Token token = take();
    if (!token.isNumber()) throw unexpected(token);
    return new Operand.Literal(token.text(), false).integer();
  }

  final void skipLine(int line) {
    while (next < tokens.size() && tokens.get(next).line() == line) next++;
  }

  final Token peek() {
    if (next == tokens.size()) {
      int line = tokens.isEmpty() ? 1 : tokens.get(next - 1).line();
      throw EmulatorException.atLine(line, "unexpected end of text");
    }
    return tokens.get(next);
  }

  final Token take() {
    Token token = peek();
    next++;
    return token;
  }

  final boolean takeIf(String wanted) {
    boolean is = next < tokens.size() && tokens.get(next).is(wanted);
    if (is) next++;
    return is;
  }

  final void expect(String wanted) {
    Token token = take();
    if (!token.is(wanted)) {
      throw EmulatorException.atLine(
          token.line(), "expected '%s' but found '%s'".formatted(wanted, token.text()));
    }
  }

  static EmulatorException unexpected(Token token) {
    return EmulatorException.atLine(token.line(), "unknown or misplaced '" + token.text() + "'");
  }
}
