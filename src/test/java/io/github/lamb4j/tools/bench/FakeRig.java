package io.github.lamb4j.tools.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A rig whose nth step of a contender takes n milliseconds. */
final class FakeRig implements Rig {

  final List<String> calls = new ArrayList<>();
  private final List<Contender> contenders = new ArrayList<>();
  private final long lastCache;

  FakeRig(List<String> names, long lastCache) {
    this.lastCache = lastCache;
    names.forEach(name -> contenders.add(new Fake(name)));
  }

  private final class Fake implements Contender {
    private final String name;
    private int steps;

    Fake(String name) {
      this.name = name;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public void step() {
      steps++;
      calls.add(name);
    }

    @Override
    public Cost countedStep() {
      calls.add("count " + name);
      return new Cost(1, 1, 1);
    }
  }

  @Override
  public List<Contender> contenders() {
    return contenders;
  }

  @Override
  public Map<String, String> skipped() {
    return Map.of("nobody", "no reason");
  }

  @Override
  public double[] time(List<Contender> order) {
    order.forEach(Contender::step);
    return order.stream().mapToDouble(c -> ((Fake) c).steps).toArray();
  }

  @Override
  public int warmup() {
    return 1;
  }

  @Override
  public long workingSetBytes() {
    return (1 << 20) + 1;
  }

  @Override
  public long lastCacheBytes() {
    return lastCache;
  }

  @Override
  public double theoreticalGigabytesPerSecond() {
    return 20;
  }

  @Override
  public void close() {}
}
