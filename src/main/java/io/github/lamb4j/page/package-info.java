/** A training run as an HTML page with charts. */
package io.github.lamb4j.page;
