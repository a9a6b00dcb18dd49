package io.github.lamb4j.internal.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.lamb4j.config.ReportedNorms;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.internal.spi.BackendSettings;
import io.github.lamb4j.internal.spi.GradientOptions;
import io.github.lamb4j.sharding.LocalCollective;
import io.github.lamb4j.sharding.ShardedRun;
import java.io.IOException;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever one rank throws, the others learn of it and do not wait for the timeout. */
@Timeout(30)
class PeersTest {

  private static Peers peers(LocalCollective collective) {
    return new Peers(
        new BackendSettings(
            GradientOptions.NONE, 1, StepPath.AUTO, ReportedNorms.ALL, 1, Optional.of(collective)));
  }

  static Stream<Arguments> failures() {
    return Stream.of(
        Arguments.of(new IOException("disk full"), "disk full"),
        Arguments.of(new AssertionError("a bug"), "a bug"),
        Arguments.of(new StackOverflowError(), "java.lang.StackOverflowError"),
        Arguments.of(new IllegalStateException(""), "java.lang.IllegalStateException: "));
  }

  private static void raise(Throwable failure) throws Exception {
    if (failure instanceof Error error) {
      throw error;
    }
    throw (Exception) failure;
  }

  @ParameterizedTest
  @MethodSource("failures")
  void shouldTellTheOthers(Throwable failure, String reason) throws Exception {
    ShardedRun.onRanks(
        3,
        collective -> {
          Peers peers = peers(collective);
          boolean fails = collective.rank() == 1;
          Throwable thrown =
              assertThrows(
                  Throwable.class,
                  () -> peers.together("save", fails ? () -> raise(failure) : () -> {}));
          if (fails) {
            assertSame(failure, thrown);
          } else {
            assertEquals("save: failed on rank 1: " + reason, thrown.getMessage());
          }
          peers.together("load", () -> {}); // the ranks are still together
          return null;
        });
  }
}
