// What a member does: runs a command, presses a button, reacts. A refusal is shown above the message box.

export class Actions {
  constructor(app) {
    this.app = app;
  }

  /** Do something; a refusal is shown above the message box. */
  async attempt(act) {
    this.app.composer.complain("");
    try {
      return await act();
    } catch (error) {
      this.app.composer.complain(error.message);
      return undefined;
    }
  }

  async runCommand(command, options) {
    this.app.timeline.stick();
    const { interaction } = await this.app.api.do("slash", { channel_id: this.app.store.current, command, options });
    this.app.store.sent(interaction);
  }

  runContext(command, target) {
    return this.interact("context", { channel_id: this.app.store.current, command, ...target });
  }

  press(message, customId) {
    return this.interact("press", { message_id: message.id, custom_id: customId });
  }

  select(message, customId, values) {
    return this.interact("select", { message_id: message.id, custom_id: customId, values });
  }

  interact(action, body) {
    return this.attempt(async () => this.app.store.sent((await this.app.api.do(action, body)).interaction));
  }

  /** @returns the bot's suggestions, or null where there are none to be had */
  async autocomplete(leaf, options, focused) {
    const answer = await this.app.api
      .do("autocomplete", { channel_id: this.app.store.current, command: leaf.path, options, focused })
      .catch(() => ({ failed: true }));
    return answer.failed ? null : answer.choices;
  }

  react(message, emoji, remove) {
    return this.attempt(() => this.app.api.do("react", { message_id: message.id, emoji, remove }));
  }

  remove(message) {
    return this.attempt(() => this.app.api.do("delete", { message_id: message.id }));
  }

  dismiss(message) {
    return this.attempt(() => this.app.api.do("dismiss", { message_id: message.id }));
  }
}
