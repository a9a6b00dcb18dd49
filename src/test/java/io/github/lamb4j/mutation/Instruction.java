package io.github.lamb4j.mutation;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One instruction of the PTX text, split into parts so that one of them can be changed.
 *
 * @param kernel the kernel that contains it
 * @param line the index of its line
 * @param indent the text before it, including the brace of an inline block
 * @param guard its guard with the white space after it, or an empty string
 * @param end the text after its semicolon
 */
record Instruction(
    String kernel,
    int line,
    String indent,
    String guard,
    String opcode,
    List<String> operands,
    String end) {

  private static final Pattern FORM =
      Pattern.compile("(\\s*(?:\\{\\s*)?)(@!?%p\\d+\\s+)?([a-z][\\w.]*)\\s*(.*?);(\\s*}?\\s*)");
  private static final Pattern ENTRY = Pattern.compile("\\.visible \\.entry (\\w+)\\(");
  private static final Pattern REGISTER = Pattern.compile("%(p|rs|r|rd|f|fd)\\d+");

  /** Finds all instructions of a module. */
  static List<Instruction> of(List<String> lines) {
    List<Instruction> all = new ArrayList<>();
    String kernel = null;
    for (int line = 0; line < lines.size(); line++) {
      Matcher entry = ENTRY.matcher(lines.get(line));
      if (entry.find()) {
        kernel = entry.group(1);
      }
      Matcher form = FORM.matcher(lines.get(line));
      if (kernel != null && form.matches()) {
        all.add(
            new Instruction(
                kernel,
                line,
                form.group(1),
                form.group(2) == null ? "" : form.group(2),
                form.group(3),
                split(form.group(4)),
                form.group(5)));
      }
    }
    return all;
  }

  /** Splits at commas outside of braces and brackets. */
  private static List<String> split(String operands) {
    List<String> parts = new ArrayList<>();
    int depth = 0;
    int from = 0;
    for (int i = 0; i <= operands.length(); i++) {
      char c = i == operands.length() ? ',' : operands.charAt(i);
      depth += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
      if (c == ',' && depth == 0) {
        parts.add(operands.substring(from, i).strip());
        from = i + 1;
      }
    }
    return operands.isBlank() ? List.of() : parts;
  }

  /** The line of text. */
  String text() {
    String all = operands.isEmpty() ? "" : " " + String.join(", ", operands);
    return indent + guard + opcode + all + ";" + end;
  }

  /** Whether it is one of these instructions, with any modifiers. */
  boolean is(String... names) {
    for (String name : names) {
      if (opcode.equals(name) || opcode.startsWith(name + ".")) {
        return true;
      }
    }
    return false;
  }

  /** The index of the first source operand; those before it are destinations. */
  int firstSource() {
    return is("st", "bar", "bra", "ret") ? 0 : 1;
  }

  Instruction withOpcode(String other) {
    return new Instruction(kernel, line, indent, guard, other, operands, end);
  }

  Instruction withGuard(String other) {
    return new Instruction(kernel, line, indent, other, opcode, operands, end);
  }

  Instruction withOperand(int index, String other) {
    List<String> changed = new ArrayList<>(operands);
    changed.set(index, other);
    return new Instruction(kernel, line, indent, guard, opcode, changed, end);
  }

  Instruction withSwapped(int one, int other) {
    return withOperand(one, operands.get(other)).withOperand(other, operands.get(one));
  }

  /** The registers it names, in order. */
  List<String> registers() {
    return registers(String.join(" ", operands));
  }

  /** The registers an operand names, in order. */
  static List<String> registers(String operand) {
    return REGISTER.matcher(operand).results().map(m -> m.group()).toList();
  }

  /** The prefix of a register name, which identifies its type. */
  static String type(String register) {
    int end = register.length();
    while (Character.isDigit(register.charAt(end - 1))) {
      end--;
    }
    return register.substring(0, end);
  }
}
