package io.github.lamb4j.sharding;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;

/** What {@link MpiCollectiveTest} starts with mpirun; the first argument names the scenario. */
final class MpiProgram {

  private MpiProgram() {}

  public static void main(String[] arguments) throws Exception {
    Duration timeout =
        switch (arguments[0]) {
          case "hang" -> Duration.ofSeconds(2);
          case "last-moment" -> Duration.ofNanos(1);
          default -> Duration.ofSeconds(30); // no rank is late, however slow the machine is
        };
    try (MpiCollective collective = MpiCollective.open(timeout)) {
      switch (arguments[0]) {
        case "check" -> check(collective);
        case "other-call" -> otherCall(collective);
        case "other-size" -> exchangeOr(collective, () -> gather(collective, 16));
        case "hang" -> exchangeOr(collective, () -> Thread.sleep(100_000));
        case "kill" -> exchangeOr(collective, MpiProgram::kill);
        case "fail" ->
            exchangeOr(
                collective,
                () -> {
                  throw new IllegalStateException("out of memory");
                });
        case "interrupt" -> interrupt(collective);
        case "last-moment" -> gather(collective, 8);
        case "broken" -> gatherTwice(collective);
        case "early" -> exchangeOr(collective, () -> {});
        case "swallow" -> swallow(collective);
        case "twice" -> MpiCollective.open();
        case "heap" -> collective.broadcast(ByteBuffer.allocate(4), 0);
        default -> throw new IllegalArgumentException(arguments[0]);
      }
    }
    System.out.println("end of a rank");
  }

  private interface Action {
    void run() throws Exception;
  }

  private static void check(MpiCollective collective) {
    HostCollectiveCheck.run(collective);
    catchNullPointers();
    HostCollectiveCheck.run(collective);
    int large = 5_000_000;
    ByteBuffer send = ByteBuffer.allocateDirect(large);
    for (int i = 0; i < large; i++) {
      send.put(i, (byte) (i * 31 + collective.rank()));
    }
    ByteBuffer receive = ByteBuffer.allocateDirect(large * collective.size());
    collective.allGather(send, receive);
    for (int i = 0; i < receive.capacity(); i++) {
      if (receive.get(i) != (byte) (i % large * 31 + i / large)) {
        throw new AssertionError("byte " + i);
      }
    }
    if (collective.rank() == 0) {
      System.out.println("checked " + collective.size() + " ranks");
    }
  }

  /** The JVM turns segmentation faults into exceptions; MPI must not take its signal handler. */
  private static void catchNullPointers() {
    int caught = 0;
    Integer[] none = new Integer[1];
    for (int i = 0; i < 200_000; i++) {
      try {
        caught += none[0].intValue();
      } catch (NullPointerException e) {
        caught++;
      }
    }
    if (caught != 200_000) {
      throw new AssertionError("caught " + caught);
    }
  }

  private static void otherCall(MpiCollective collective) {
    ByteBuffer buffer = ByteBuffer.allocateDirect(8);
    if (collective.rank() == 1) {
      collective.broadcast(buffer, 0);
    } else {
      gather(collective, 8);
    }
  }

  /** Rank 1 acts, and the others gather. */
  private static void exchangeOr(MpiCollective collective, Action ofRankOne) throws Exception {
    collective.exchange(new byte[3]);
    if (collective.rank() == 1) {
      ofRankOne.run();
    } else {
      gather(collective, 8);
    }
  }

  private static void swallow(MpiCollective collective) {
    try {
      otherCall(collective);
    } catch (RuntimeException e) {
      System.out.println("swallowed");
    }
  }

  private static void interrupt(MpiCollective collective) {
    Thread.currentThread().interrupt();
    gatherTwice(collective);
  }

  /** The second call must not communicate if the first one failed. */
  private static void gatherTwice(MpiCollective collective) {
    try {
      gather(collective, 8);
    } catch (RuntimeException e) {
      System.out.println("first: " + e);
    }
    gather(collective, 8);
  }

  private static void gather(MpiCollective collective, int bytes) {
    collective.allGather(
        ByteBuffer.allocateDirect(bytes), ByteBuffer.allocateDirect(bytes * collective.size()));
  }

  private static void kill() throws Exception {
    String pid = String.valueOf(ProcessHandle.current().pid());
    new ProcessBuilder(Arrays.asList("kill", "-9", pid)).start().waitFor();
    Thread.sleep(100_000);
  }
}
