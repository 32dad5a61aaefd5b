# Jobs for a worker of the real Sidekiq, and what a shop would push.
require "sidekiq"

class Mail
  include Sidekiq::Worker
  sidekiq_options queue: "mailers"
  def perform(number) = logger.info("sent #{number}")
end

class Flaky
  include Sidekiq::Worker
  sidekiq_options queue: "mailers", retry: 3, tags: ["two words", "b"]
  def perform(_number) = raise(ArgumentError, "no }: such thing")
end

class Slow
  include Sidekiq::Worker
  sidekiq_options queue: "mailers"
  def perform = sleep(600)
end

if ARGV.first == "push"
  Slow.perform_async
  4.times { |number| Mail.perform_async(number) }
  Flaky.perform_async(7)
  3.times { |number| Mail.perform_in(3600, number) }
  20.times { |number| Mail.set(queue: "unread").perform_async(number) }
end
