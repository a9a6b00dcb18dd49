package io.github.lamb4j.sharding;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.error.CollectiveException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class FileRanksTest {

  private static final Duration LONG = Duration.ofSeconds(30);
  private static final Duration SHORT = Duration.ofMillis(200);

  @TempDir Path folder;

  private List<FileRanks> group(String job, int size) {
    List<FileRanks> ranks = new ArrayList<>();
    for (int rank = 0; rank < size; rank++) {
      ranks.add(FileRanks.in(folder, job, rank, size, LONG));
    }
    return ranks;
  }

  @Test
  void shouldExchangeMessages() throws Exception {
    RankThreads.succeed(
        group("1", 3),
        ranks -> {
          for (int call = 0; call < 20; call++) {
            byte[][] messages = ranks.exchange(HostCollectiveCheck.data(ranks.rank(), call));
            for (int other = 0; other < 3; other++) {
              assertArrayEquals(HostCollectiveCheck.data(other, call), messages[other]);
            }
          }
        });
    try (Stream<Path> files = Files.list(folder.resolve("1"))) {
      assertEquals(6, files.count(), "the first and the last message of each rank");
    }
  }

  @Test
  void shouldIgnoreFilesOfOtherJobs() throws Exception {
    RankThreads.succeed(group("1", 2), ranks -> ranks.exchange(new byte[] {1}));
    RankThreads.succeed(
        group("2", 2), ranks -> assertEquals(2, ranks.exchange(new byte[] {2})[1][0]));
  }

  @Test
  void shouldRejectASecondRunUnderTheSameName() throws Exception {
    RankThreads.succeed(
        group("1", 2),
        ranks -> {
          for (int call = 0; call < 5; call++) {
            ranks.exchange(new byte[0]);
          }
        });
    for (Throwable thrown : RankThreads.run(group("1", 2), ranks -> ranks.exchange(new byte[0]))) {
      assertTrue(
          assertInstanceOf(IllegalStateException.class, thrown)
              .getMessage()
              .endsWith("left by an earlier run; give every run another job name"));
    }
  }

  @Test
  void shouldNameRanksThatDoNotAnswerAndStayBroken() {
    FileRanks ranks = FileRanks.in(folder, "1", 1, 3, SHORT);
    for (int call = 1; call <= 2; call++) {
      CollectiveException e =
          assertThrows(CollectiveException.class, () -> ranks.exchange(new byte[1]));
      assertEquals("rank 0, 2 did not join within 200 ms", e.reason());
      assertEquals(OptionalInt.of(0), e.culprit());
    }
  }

  @Test
  void shouldRejectAnotherSize() throws Exception {
    FileRanks two = FileRanks.in(folder, "1", 0, 2, LONG);
    FileRanks three = FileRanks.in(folder, "1", 1, 3, LONG);
    List<Throwable> thrown =
        RankThreads.run(List.of(two, three), ranks -> ranks.exchange(new byte[1]));
    assertEquals(
        "rank 0: exchange of 1 bytes (call 1) failed: rank 1 was started with size 3, this rank"
            + " with 2",
        thrown.get(0).getMessage());
    assertInstanceOf(CollectiveException.class, thrown.get(1));
  }

  @Test
  void shouldRejectBadArguments() {
    assertThrows(IllegalArgumentException.class, () -> FileRanks.in(folder, "1", 2, 2, LONG));
    assertThrows(IllegalArgumentException.class, () -> FileRanks.in(folder, "../1", 0, 2, LONG));
    assertThrows(
        IllegalArgumentException.class, () -> FileRanks.in(folder, "1", 0, 1, Duration.ZERO));
  }
}
