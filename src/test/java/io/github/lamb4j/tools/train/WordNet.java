package io.github.lamb4j.tools.train;

import java.util.List;

/** The glosses, read once for all tests. */
final class WordNet {
  static final List<Gloss> GLOSSES = Glosses.load();

  private WordNet() {}

  static Examples.Split sample(int size) {
    return Examples.split(GLOSSES, new Tokenizer(Trainer.BUCKETS), 1, size);
  }
}
