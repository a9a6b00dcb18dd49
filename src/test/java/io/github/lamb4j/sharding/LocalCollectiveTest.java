package io.github.lamb4j.sharding;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.error.CollectiveException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class LocalCollectiveTest {

  private static final Duration SHORT = Duration.ofMillis(200);

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void shouldMoveBytesAsDefined(int size) throws Exception {
    List<LocalCollective> members = LocalCollective.of(size);
    RankThreads.succeed(members, HostCollectiveCheck::run);
  }

  @Test
  void shouldAcceptHeapBuffers() throws Exception {
    RankThreads.succeed(
        LocalCollective.of(2),
        member -> {
          ByteBuffer receive = ByteBuffer.allocate(2);
          member.allGather(ByteBuffer.wrap(new byte[] {(byte) (5 + member.rank())}), receive);
          assertEquals(ByteBuffer.wrap(new byte[] {5, 6}), receive);
        });
  }

  @Test
  void shouldNotShareMessages() throws Exception {
    byte[] mine = {1};
    LocalCollective alone = LocalCollective.of(1).get(0);
    byte[][] messages = alone.exchange(mine);
    mine[0] = 2;
    assertEquals(1, messages[0][0]);
  }

  @Test
  void shouldBlameTheRankThatMakesAnotherCall() throws Exception {
    List<Throwable> thrown =
        RankThreads.run(
            LocalCollective.of(3),
            member -> {
              if (member.rank() == 1) {
                member.broadcast(ByteBuffer.allocate(8), 2);
              } else {
                member.allGather(ByteBuffer.allocate(8), ByteBuffer.allocate(24));
              }
            });
    String reason =
        "rank 1 called broadcast of 8 bytes from rank 2 (call 1),"
            + " but rank 0 called allGather of 8 bytes (call 1)";
    requireFailures(thrown, reason, OptionalInt.of(1));
    assertEquals(
        "rank 0: allGather of 8 bytes (call 1) failed: " + reason, thrown.get(0).getMessage());
  }

  @Test
  void shouldNotBlameEitherOfTwoRanks() throws Exception {
    List<Throwable> thrown =
        RankThreads.run(
            LocalCollective.of(2),
            member -> {
              int bytes = 8 + member.rank();
              member.allGather(ByteBuffer.allocate(bytes), ByteBuffer.allocate(2 * bytes));
            });
    requireFailures(
        thrown,
        "rank 1 called allGather of 9 bytes (call 1), but rank 0 called allGather of 8 bytes"
            + " (call 1)",
        OptionalInt.empty());
  }

  @Test
  void shouldRejectAnotherRoot() throws Exception {
    List<Throwable> thrown =
        RankThreads.run(
            LocalCollective.of(3),
            member -> member.broadcast(ByteBuffer.allocate(4), member.rank() == 2 ? 1 : 0));
    requireFailures(
        thrown,
        "rank 2 called broadcast of 4 bytes from rank 1 (call 1),"
            + " but rank 0 called broadcast of 4 bytes from rank 0 (call 1)",
        OptionalInt.of(2));
  }

  @Test
  void shouldNameRanksThatDoNotJoinInTime() throws Exception {
    List<LocalCollective> members = LocalCollective.of(3, SHORT);
    List<Throwable> thrown =
        RankThreads.run(
            members,
            member -> {
              if (member.rank() != 1) {
                member.exchange(new byte[1]);
              }
            });
    thrown.remove(1);
    requireFailures(thrown, "rank 1 did not join within 200 ms", OptionalInt.of(1));
  }

  @Test
  void shouldStayBroken() throws Exception {
    List<LocalCollective> members = LocalCollective.of(2, SHORT);
    assertThrows(CollectiveException.class, () -> members.get(0).exchange(new byte[1]));
    List<Throwable> thrown = RankThreads.run(members, member -> member.exchange(new byte[1]));
    requireFailures(thrown, "rank 1 did not join within 200 ms", OptionalInt.of(1));
  }

  @Test
  void shouldNameTheRankThatClosed() throws Exception {
    List<Throwable> thrown =
        RankThreads.run(
            LocalCollective.of(3),
            member -> {
              if (member.rank() == 2) {
                member.close();
              } else {
                member.exchange(new byte[1]);
              }
            });
    thrown.remove(2);
    requireFailures(thrown, "rank 2 closed its collective", OptionalInt.of(2));
  }

  @Test
  void shouldNameTheRankThatAborted() throws Exception {
    List<Throwable> thrown =
        RankThreads.run(
            LocalCollective.of(2),
            member -> {
              if (member.rank() == 1) {
                member.abort("out of memory");
              }
              member.exchange(new byte[1]);
            });
    requireFailures(thrown, "rank 1 aborted: out of memory", OptionalInt.of(1));
  }

  @Test
  void shouldFailAllRanksIfOneIsInterrupted() throws Exception {
    List<Throwable> thrown =
        RankThreads.run(
            LocalCollective.of(2),
            member -> {
              if (member.rank() == 0) {
                Thread.currentThread().interrupt();
                member.exchange(new byte[1]);
              } else {
                Thread.sleep(50);
                member.exchange(new byte[1]);
              }
            });
    requireFailures(thrown, "rank 0 was interrupted", OptionalInt.of(0));
  }

  @Test
  void shouldLetRanksCloseWhileOthersLeaveTheLastCall() throws Exception {
    for (int run = 0; run < 200; run++) {
      RankThreads.succeed(
          LocalCollective.of(4),
          member -> {
            try (member) {
              member.exchange(new byte[] {1});
            }
          });
    }
  }

  @Test
  void shouldRejectUseAfterClose() {
    LocalCollective alone = LocalCollective.of(1).get(0);
    alone.close();
    alone.close();
    IllegalStateException e =
        assertThrows(IllegalStateException.class, () -> alone.exchange(new byte[0]));
    assertEquals("rank 0: the collective is closed", e.getMessage());
  }

  @Test
  void shouldRejectBadArgumentsBeforeItSends() throws Exception {
    LocalCollective member = LocalCollective.of(2).get(0);
    requireRefusal(
        "receive: 15 bytes remaining; allGather of 8 bytes by 2 ranks needs 16",
        () -> member.allGather(ByteBuffer.allocate(8), ByteBuffer.allocate(15)));
    requireRefusal(
        "send: 3 bytes remaining; must be a multiple of the 2 ranks",
        () -> member.allToAll(ByteBuffer.allocate(3), ByteBuffer.allocate(3)));
    requireRefusal(
        "receive: 6 bytes remaining; must be 4, as in send",
        () -> member.allToAll(ByteBuffer.allocate(4), ByteBuffer.allocate(6)));
    requireRefusal(
        "receive: the buffer is read-only",
        () -> member.allToAll(ByteBuffer.allocate(4), ByteBuffer.allocate(4).asReadOnlyBuffer()));
    requireRefusal(
        "root 2: must be a rank from 0 to 1", () -> member.broadcast(ByteBuffer.allocate(4), 2));
    requireRefusal(
        "buffer: the buffer is read-only",
        () -> member.broadcast(ByteBuffer.allocate(4).asReadOnlyBuffer(), 1));
    requireRefusal("size 0: must be at least 1", () -> LocalCollective.of(0));
    requireRefusal(
        "timeout PT0S: must be above 0 and at most 365 days",
        () -> LocalCollective.of(2, Duration.ZERO));
  }

  private static void requireRefusal(String message, Runnable call) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, call::run).getMessage());
  }

  private static void requireFailures(List<Throwable> thrown, String reason, OptionalInt culprit) {
    assertTrue(!thrown.isEmpty());
    for (Throwable failure : thrown) {
      CollectiveException e = assertInstanceOf(CollectiveException.class, failure);
      assertEquals(reason, e.reason());
      assertEquals(culprit, e.culprit());
      assertTrue(e.getMessage().startsWith("rank " + e.rank() + ": " + e.call()), e.getMessage());
    }
  }
}
