package io.github.lamb4j.internal.chart;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Numbers and names as text of a page. */
class TextTest {

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "-0.0, 0",
    "32768, 32768",
    "1234567890, 1234567890",
    "0.123456, 0.1235",
    "-1.5, -1.5",
    "8.192, 8.192",
    "123456.7, 123500",
    "0.00012346, 0.0001235",
    "0.000012346, 1.235e-5",
    "1.5e300, 1.5e300",
    "4.9e-324, 4.941e-324",
    "NaN, NaN",
    "Infinity, ∞",
    "-Infinity, -∞"
  })
  void shouldWriteNumbers(double value, String text) {
    assertEquals(text, Numbers.of(value));
  }

  @Test
  void shouldWriteShortTicks() {
    assertEquals("32768", Numbers.tick(32768));
    assertEquals("2e7", Numbers.tick(2e7));
    assertEquals("1e-6", Numbers.tick(1e-6));
  }

  @Test
  void shouldWriteTheSameInEveryLocale() {
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.GERMANY);
      assertEquals("0.5", Numbers.of(0.5));
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void shouldEscapeMarkupAndControlCharacters() {
    assertEquals("&lt;b a=&quot;&#39;&amp;&quot;&gt;", Html.escape("<b a=\"'&\">"));
    assertEquals("a\\u0000b\\u202ec\\u000a", Html.escape("a\0b\u202ec\n"));
    assertEquals("\\ud800", Html.escape("\ud800"));
  }

  @Test
  void shouldKeepBothEndsOfLongNames() {
    String name = "bert.encoder." + "x".repeat(1000) + ".weight";
    String shortened = Html.shorten(name);
    assertEquals(81, shortened.length());
    assertTrue(shortened.startsWith("bert.encoder.") && shortened.endsWith(".weight"), shortened);
    assertEquals("😀".repeat(80), Html.shorten("😀".repeat(80)));
    assertEquals("😀".repeat(40) + "…" + "😀".repeat(40), Html.shorten("😀".repeat(81)));
  }
}
