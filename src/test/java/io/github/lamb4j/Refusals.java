package io.github.lamb4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.internal.engine.FailedPartwayException;
import org.junit.jupiter.api.function.Executable;

/** Assertions on rejected calls, whose message must state the thing, its value and the remedy. */
public final class Refusals {

  private Refusals() {}

  /** Asserts that an argument is rejected with a message that contains the given parts. */
  public static void assertRefused(Executable call, String... said) {
    assertSays(call, IllegalArgumentException.class, said);
  }

  /** Asserts that a call at the wrong time is rejected with a message of the given parts. */
  public static void assertUntimely(Executable call, String... said) {
    assertSays(call, IllegalStateException.class, said);
  }

  private static void assertSays(
      Executable call, Class<? extends RuntimeException> type, String... said) {
    RuntimeException refusal = assertThrows(type, call);
    // Not another subclass, which may mean something else, such as NumberFormatException.
    if (!(refusal instanceof FailedPartwayException)) {
      assertEquals(type, refusal.getClass());
    }
    for (String part : said) {
      assertTrue(
          refusal.getMessage().contains(part),
          () -> "\"" + refusal.getMessage() + "\" does not say \"" + part + "\"");
    }
  }
}
