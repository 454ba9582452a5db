import type { Histogram, MetricValueWithName, Registry } from "prom-client";

/** The times of one kind of work. */
export interface Series {
  /** @param seconds as long as it took */
  observe(seconds: number): void;
}

/**
 * A histogram whose caller keeps the series that it adds to. prom-client's own makes a text of the labels and looks it up each
 * time, which takes as long as opening a value does; its registry prints this one like any other.
 */
export class Times {
  readonly #name: string;
  readonly #help: string;
  /** Upper bounds, in seconds. */
  readonly #bounds: readonly number[];
  readonly #series: OneSeries[] = [];

  constructor(options: { name: string; help: string; buckets: readonly number[]; register: Registry }) {
    this.#name = options.name;
    this.#help = options.help;
    this.#bounds = options.buckets;
    options.register.registerMetric(this.#metric() as unknown as Histogram);
  }

  /** A new series: whoever asks keeps it, since the page would show two of the same labels twice. */
  series(labels: Readonly<Record<string, string | number>>): Series {
    const series = new OneSeries(labels, this.#bounds);
    this.#series.push(series);
    return series;
  }

  /** As much of a metric as a registry asks for. */
  #metric() {
    const name = this.#name;
    const read = async () => ({
      name,
      help: this.#help,
      type: "histogram",
      aggregator: "sum",
      values: this.#series.flatMap((one) => one.values(name)),
    });
    return { name, get: read };
  }
}

class OneSeries implements Series {
  readonly #labels: Readonly<Record<string, string | number>>;
  readonly #bounds: readonly number[];
  /** How many took at most a bound and more than the one before it; the last: more than all. */
  readonly #counts: Float64Array;
  #sum = 0;

  constructor(labels: Readonly<Record<string, string | number>>, bounds: readonly number[]) {
    this.#labels = labels;
    this.#bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  observe(seconds: number): void {
    let at = 0;
    while (at < this.#bounds.length && !(seconds <= this.#bounds[at]!)) at++;
    this.#counts[at]!++;
    this.#sum += seconds;
  }

  /** As Prometheus has them: each bucket holds those before it. */
  values(name: string): MetricValueWithName<string>[] {
    const labels = this.#labels;
    let count = 0;
    const buckets = [...this.#bounds, "+Inf"].map((le, at) => {
      count += this.#counts[at]!;
      return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: count };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels, value: this.#sum },
      { metricName: `${name}_count`, labels, value: count },
    ];
  }
}
