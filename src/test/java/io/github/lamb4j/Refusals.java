package io.github.lamb4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.function.Executable;

/** What a good refusal says: the thing, its value, the remedy. */
public final class Refusals {

  private Refusals() {}

  /** An argument that is refused. */
  public static void assertRefused(Executable call, String... said) {
    assertSays(call, IllegalArgumentException.class, said);
  }

  /** A call at the wrong time. */
  public static void assertUntimely(Executable call, String... said) {
    assertSays(call, IllegalStateException.class, said);
  }

  private static void assertSays(
      Executable call, Class<? extends RuntimeException> type, String... said) {
    RuntimeException refusal = assertThrows(type, call);
    // A subclass may stand for something else, as NumberFormatException does.
    assertEquals(type, refusal.getClass());
    for (String part : said) {
      assertTrue(
          refusal.getMessage().contains(part),
          () -> "\"" + refusal.getMessage() + "\" does not say \"" + part + "\"");
    }
  }
}
