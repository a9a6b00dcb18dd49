package io.github.lamb4j.internal.files;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PrintableTest {

  @ParameterizedTest
  @ValueSource(ints = {0, '\n', '\r', 0x1B, 0x7F, 0x85, 0x2028, 0x2029, 0x202E, 0xFEFF, 0xD800})
  void shouldEscapeWhatBreaksOrReordersALine(int point) {
    assertEquals(
        "\"a\\u%04xb\"".formatted(point), Printable.value("a" + Character.toString(point) + "b"));
  }

  @Test
  void shouldEscapeBothUnitsOfAFormatCharacterBeyondTheBasicPlane() {
    assertEquals("\"\\udb40\\udc01\"", Printable.value(Character.toString(0xE0001)));
  }

  @Test
  void shouldCutAVeryLongValueAndTellItsLength() {
    assertEquals(
        "\"" + "x".repeat(120) + "…\" (100000 characters)", Printable.value("x".repeat(100_000)));
    assertEquals("\"" + "x".repeat(120) + "\"", Printable.value("x".repeat(120)));
  }

  @Test
  void shouldLeaveOrdinaryTextAndPathsAsTheyAre() {
    assertEquals("\"lm_head.Gewicht größer 語 😀\"", Printable.value("lm_head.Gewicht größer 語 😀"));
    assertEquals("a\\u000ab", Printable.path(Path.of("a\nb")));
  }
}
