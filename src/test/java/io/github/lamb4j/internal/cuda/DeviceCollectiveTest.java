package io.github.lamb4j.internal.cuda;

import static io.github.lamb4j.Refusals.assertRefused;
import static io.github.lamb4j.Refusals.assertUntimely;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.error.CollectiveException;
import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.sharding.Collective;
import io.github.lamb4j.sharding.DeviceCollective;
import io.github.lamb4j.sharding.HostCollective;
import io.github.lamb4j.sharding.LocalCollective;
import io.github.lamb4j.sharding.ShardedRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Exchanges of device memory, which a step enqueues on its stream. */
class DeviceCollectiveTest {

  private static final int RANKS = 2;

  /** Moves device memory between threads. Work runs when it is enqueued. */
  private static final class Fake implements DeviceCollective {

    private final LocalCollective ranks;
    private final StagedTransport transport;
    private final CudaStream stream;
    private boolean failed;
    private boolean closed;

    Fake(LocalCollective ranks, CudaDriver driver, CudaStream stream) {
      this.ranks = ranks;
      this.stream = stream;
      transport = new StagedTransport(driver, ranks);
    }

    private void requireOwn(long given) {
      assertEquals(stream.address(), given);
    }

    @Override
    public void allGather(long send, long receive, long bytes, long on) {
      requireOwn(on);
      transport.allGather(send, receive, bytes, stream);
    }

    @Override
    public void allToAll(long send, long receive, long bytes, long on) {
      requireOwn(on);
      transport.allToAll(send, receive, bytes, stream);
    }

    @Override
    public void broadcast(long address, long bytes, int root, long on) {
      requireOwn(on);
      transport.broadcast(address, bytes, root, stream);
    }

    @Override
    public void check() {
      if (closed) {
        throw new IllegalStateException("the collective is closed");
      }
      if (failed) {
        throw new CollectiveException(rank(), "step", "rank 1 is overdue", OptionalInt.of(1));
      }
    }

    @Override
    public int rank() {
      return ranks.rank();
    }

    @Override
    public int size() {
      return ranks.size();
    }

    @Override
    public byte[][] exchange(byte[] mine) {
      return ranks.exchange(mine);
    }

    @Override
    public void close() {
      closed = true;
      ranks.close();
    }
  }

  private static MixedModel model(Side side) {
    return new MixedModel(side, 9)
        .group("lamb", Hyperparameters.lamb(0.01), 2049, 5, 4100)
        .group("lans", Hyperparameters.lans(0.02), 33, 2048);
  }

  private interface Choice {
    Collective of(LocalCollective ranks, TestDevice device);
  }

  private static String train(Choice choice) throws Exception {
    var bits =
        ShardedRun.onRanks(
            RANKS,
            ranks -> {
              try (TestDevice device = TestDevice.open()) {
                MixedModel model = model(Side.cuda(device, StepPath.AUTO));
                try (Lamb lamb = model.builder().collective(choice.of(ranks, device)).build()) {
                  for (int step = 0; step < 2; step++) {
                    model.nextGradients(1);
                    lamb.step();
                  }
                  return model.bits(lamb);
                }
              }
            });
    assertEquals(1, Set.copyOf(bits).size());
    return bits.get(0);
  }

  @Test
  void shouldGiveTheBitsOfACollectiveOfHostMemory() throws Exception {
    assertEquals(
        train((ranks, device) -> ranks),
        train((ranks, device) -> new Fake(ranks, device.driver(), device.stream())));
  }

  /** What a rank does with a model and its collective. */
  private interface Work {
    void run(MixedModel model, Fake fake) throws Exception;
  }

  private static void onRanks(Work work) throws Exception {
    ShardedRun.onRanks(
        RANKS,
        ranks -> {
          try (TestDevice device = TestDevice.open()) {
            work.run(
                model(Side.cuda(device, StepPath.AUTO)),
                new Fake(ranks, device.driver(), device.stream()));
          } // closing the device fails if anything is still allocated
          return null;
        });
  }

  /** The report, which would wait for a peer that never comes, and closing. */
  @Test
  void shouldReportAPeerThatFails() throws Exception {
    onRanks(
        (model, fake) -> {
          try (Lamb lamb = model.builder().collective(fake).build()) {
            lamb.step();
            fake.failed = true;
            CollectiveException e =
                assertThrows(CollectiveException.class, () -> lamb.report(lamb.newReport()));
            assertEquals(OptionalInt.of(1), e.culprit());
          }
        });
  }

  /** Building waits for the weights of rank 0, in a copy to the device that knows no time limit. */
  @Test
  void shouldNotBuildWhenAPeerFails() throws Exception {
    onRanks(
        (model, fake) -> {
          fake.failed = true;
          LambBuilder builder = model.builder().collective(fake);
          assertThrows(CollectiveException.class, builder::build);
        });
  }

  /** After a failure, {@link Lamb#close} asks for this order. */
  @Test
  void shouldCloseAfterItsCollective() throws Exception {
    onRanks(
        (model, fake) -> {
          Lamb lamb = model.builder().collective(fake).build();
          lamb.step();
          fake.exchange(new byte[0]); // all ranks have taken the step
          fake.close();
          lamb.close();
        });
  }

  @Test
  void shouldNotSaveOtherStepsThanTheOtherRanks(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("state");
    onRanks(
        (model, fake) -> {
          try (Lamb lamb = model.builder().collective(fake).build()) {
            lamb.step();
            lamb.save(file);
            lamb.setLearningRate("lamb", fake.rank() == 0 ? 0.5 : 0.25);
            lamb.step();
            byte[] before = Files.readAllBytes(file);
            assertUntimely(() -> lamb.save(file), "step 2, learning rates [0.5", "[0.25");
            assertArrayEquals(before, Files.readAllBytes(file));
          }
        });
  }

  @Test
  void shouldNotExchangeHostMemoryInACapture() throws Exception {
    ShardedRun.onRanks(
        RANKS,
        ranks -> {
          try (TestDevice device = TestDevice.open()) {
            MixedModel model = model(Side.cuda(device, StepPath.AUTO));
            try (Lamb lamb = model.builder().collective((HostCollective) ranks).build()) {
              lamb.step();
              lamb.prepareReplays(1);
              device
                  .capture(
                      () -> {
                        IllegalStateException e =
                            assertThrows(IllegalStateException.class, lamb::step);
                        assertTrue(
                            e.getMessage().contains("step outside of a capture"), e.getMessage());
                      })
                  .close();
              lamb.step();
            }
            return null;
          }
        });
  }

  @Test
  void shouldRefuseDeviceMemoryForHostParameters() {
    DeviceCollective none = new Fake(LocalCollective.of(1).get(0), null, null);
    MixedModel model = model(Side.cpu());
    assertRefused(
        () -> model.builder().collective(none).build(),
        "Fake exchanges device memory",
        "use MpiCollective");
    try (TestDevice device = TestDevice.open()) {
      MixedModel staged = model(Side.mirrored(device, StepPath.AUTO));
      assertRefused(
          () -> staged.builder().microBatches(2).build(),
          "parameters are in host memory",
          "Parameter.onDevice");
    }
  }

  @Test
  void streamsShouldHaveTheAddressOfJCuda() {
    assertEquals(0, CudaStream.LEGACY.address());
    assertEquals(0x7f001234L, CudaStream.of(0x7f001234L).address());
  }
}
